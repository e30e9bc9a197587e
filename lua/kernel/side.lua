--- A second database, beside the shop's: its own migrations, its own named queries. What is in it is never part of
--- a command.
local db = require("kernel.db")
local failure = require("kernel.failure")
local fs = require("native.fs")
local native = require("native.db")

local side = {}

---@class merx.SideDatabase
local Side = {}
Side.__index = Side

---@class merx.SideOptions
---@field path? string of the file; none: in memory
---@field mode "read"|"write"
---@field migrations string folder
---@field queries string file of named queries

--- Opens it; for writing it is made and brought up to date.
---@param options merx.SideOptions
---@return merx.SideDatabase?
---@return merx.Error? err
function side.open(options)
  local conn, err = native.open({ path = options.path, mode = options.path and options.mode or "memory", relaxed = true })
  if not conn then return failure.wrap(err, "db") end
  if options.mode == "write" then
    local report, wrong = native.migrate(conn, options.migrations)
    if not report then
      conn:close()
      return failure.wrap(wrong, "db")
    end
  end
  local self = setmetatable({ conn = conn, statements = {} }, Side)
  for _, query in ipairs(db.parse(assert(fs.read(options.queries)), options.queries)) do
    local statement, problem = conn:prepare(query.sql)
    if not statement then error(query.source .. ": " .. problem.message, 0) end
    self.statements[query.name] = statement
  end
  return self
end

local function statement_of(self, name)
  return self.statements[name] or error("there is no query named '" .. tostring(name) .. "'", 3)
end

---@param name string
---@param params? table<string, any>
---@return table[]
function Side:many(name, params)
  return assert(statement_of(self, name):all(params))
end

---@param name string
---@param params? table<string, any>
---@return any
function Side:value(name, params)
  local value, err = statement_of(self, name):value(params)
  if err then error(err.message, 2) end
  return value
end

---@param name string
---@param params? table<string, any>
---@return integer changes
function Side:run(name, params)
  local changes, err = statement_of(self, name):run(params)
  if not changes then error(name .. ": " .. err.message, 2) end
  return changes
end

--- Runs `fn` in one transaction: all of it, or, when it raises, nothing.
---@param fn fun()
---@return true? ok
---@return string? problem
function Side:together(fn)
  local began, err = self.conn:begin()
  if not began then return nil, err.message end
  local ok, problem = pcall(fn)
  if ok then
    local done, refused = self.conn:commit()
    if done then return true end
    problem = refused.message
  end
  if self.conn:in_transaction() then self.conn:rollback() end
  return nil, tostring(problem)
end

function Side:close()
  self.statements = {}
  self.conn:close()
end

return side
