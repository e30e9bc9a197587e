--- What a handler sees of a draft: the paths that its manifest lists under `input`, and nothing else.
--- "lines[].qty" is a field of every line, "lines[].tags[]" a list of plain values in each.
local projection = require("kernel.projection")

local project = {}

-- One shape for each list of paths, made once.
local shapes = setmetatable({}, { __mode = "k" })

local function shape_of(paths)
  local shape = shapes[paths]
  if not shape then
    shape = projection.compile(paths)
    shapes[paths] = shape
  end
  return shape
end

--- A copy of what `paths` name in `source`. Unknown names are absent, and so are tables inside of what is named as a
--- whole: their fields must be declared.
---@param paths string[] the same table each time, so that it is read once
---@param source table
---@return table
function project.copy(paths, source)
  local shape = shape_of(paths)
  return projection.unpack(shape, projection.pack(shape, source))
end

return project
