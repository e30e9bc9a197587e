--- Pictures as templates see them.
local image = {}

local find = string.find

---@param row { path: string, width: integer, height: integer, alt: string }?
---@param base_url? string
---@return table?
function image.of(row, base_url)
  local path = row and row.path
  if not path or path == "" then return nil end
  local width, height = row.width, row.height
  local url = find(path, "^https?://") and path or "/media/" .. path
  return {
    url = url, src = url, alt = row.alt or "", width = width and width > 0 and width or 800, height = height and height > 0 and height or 1000,
    absolute_url = base_url and base_url .. url or url,
  }
end

return image
