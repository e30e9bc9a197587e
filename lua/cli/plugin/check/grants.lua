--- What sources ask of the engine, against what plugin.json asks of the merchant: nothing is used that is not declared, and
--- nothing declared that is not used.
local command = require("kernel.command")
local contracts = require("kernel.contracts")
local host = require("kernel.plugins.host")
local reports = require("cli.plugin.check.report")
local tables = require("kernel.plugins.tables")

local grants = {}

-- ---- what a call needs ---------------------------------------------------------------------------------------------------

local function text_of(value)
  return value and value.kind == "text" and value.text or nil
end

local function whole_text(value)
  return value and value.kind == "text" and not value.is_part and value.text or nil
end

local function has(list, wanted)
  for _, entry in ipairs(list or {}) do
    if entry == wanted then return true end
  end
  return false
end

local function url_of(call)
  local first = call.args[1]
  return text_of(first and first.kind == "table" and first.fields.url or first)
end

local function is_host(granted, authority)
  if not granted.host then return false end
  local wanted = granted.host:lower()
  return wanted == authority or wanted:sub(1, 2) == "*." and authority:sub(-#wanted + 1) == wanted:sub(2)
end

local checks = {}

function checks.http(report, path, call, read)
  local granted = read.capabilities.http or {}
  local authority = (url_of(call) or ""):lower():match("^https?://([^/?#]+)")
  if #granted == 0 then
    return report:error(path, call.line, 'requests need a capability: add "capabilities": { "http": [ { "host": "%s" } ] } to plugin.json',
      authority or "api.example.com")
  end
  for _, place in ipairs(authority and granted or {}) do
    if is_host(place, authority) then return end
  end
  if authority then
    report:error(path, call.line, 'plugin.json names no host %s: add { "host": "%s" } to capabilities.http', authority, authority)
  end
end

local function check_table(report, path, call, read, name, made)
  local prefix = tables.prefix_of(read.id)
  if name:sub(1, #prefix) == prefix then
    if not read.capabilities.tables then
      report:error(path, call.line, 'tables need a capability: add "capabilities": { "tables": true } to plugin.json')
    elseif not made[name] then
      report:error(path, call.line, "no migration makes the table %s%s", name, reports.similar(name, made))
    end
  elseif not has(read.capabilities.read, name) then
    report:error(path, call.line, '%s is neither a table of this plugin (those begin with %s) nor a view under capabilities.read', name, prefix)
  end
end

local BEFORE_TABLE <const> = { FROM = true, JOIN = true, INTO = true, UPDATE = true }

-- The names that stand where SQL has a table.
local function tables_in(sql)
  local names, before, before_end = {}, "", 0
  for start, word, stop in sql:gmatch("()([%a_][%w_]*)()") do
    local is_next = sql:sub(before_end, start - 1):find("^%s+$")
    if BEFORE_TABLE[before] and is_next and word:upper() ~= "SET" then names[#names + 1] = word end
    before, before_end = word:upper(), stop
  end
  return names
end

function checks.db(report, path, call, read, made)
  if not read.capabilities.tables and not read.capabilities.read then
    return report:error(path, call.line, 'SQL needs a capability: add "capabilities": { "tables": true } to plugin.json, or "read" with views')
  end
  local sql, with = text_of(call.args[1]) or "", {}
  for name in sql:gmatch("[%s,]([%a_][%w_]*)%s+[Aa][Ss]%s*%(") do with[name] = true end -- WITH name AS (
  for _, name in ipairs(tables_in(sql)) do
    if not with[name] then check_table(report, path, call, read, name, made) end
  end
end

function checks.command(report, path, call, read)
  local name = whole_text(call.args[1])
  if not name then return end
  local own = name:sub(1, #read.id + 1) == read.id .. "." and name:sub(#read.id + 2)
  if own then
    for _, entry in ipairs(read.contributes.commands or {}) do
      if entry.id == own then return end
    end
    report:error(path, call.line, "plugin.json has no entry %s under contributes.commands", own)
  elseif not has(read.capabilities.commands, name) then
    report:error(path, call.line, 'add "capabilities": { "commands": ["%s"] } to plugin.json', name)
  elseif not command.list()[name] and not name:find("^[^.]+%.[^.]+%.") then
    report:error(path, call.line, "there is no command %s; merx hooks lists them", name)
  end
end

function checks.service(report, path, call, read)
  local name = whole_text(call.args[1])
  if name and not has(read.capabilities.services, name) then
    report:error(path, call.line, 'add "capabilities": { "services": ["%s"] } to plugin.json', name)
  end
end

function checks.secret(report, path, call, read)
  local name = whole_text(call.args[1])
  local declared = name and read.settings[name]
  if name and (not declared or declared.type ~= "secret") then
    report:error(path, call.line, 'there is no secret %s: add "settings": { "%s": { "type": "secret" } } to plugin.json', name, name)
  end
end

function checks.mail(report, path, call, read)
  if not read.capabilities.mail then report:error(path, call.line, 'mail needs a capability: add "capabilities": { "mail": true } to plugin.json') end
end

function checks.storage(report, path, call, read)
  if not read.capabilities.storage then
    report:error(path, call.line, 'files need a capability: add "capabilities": { "storage": 1000000 }, in bytes, to plugin.json')
  end
end

function checks.crypto(report, path, call, read)
  if call.path[3] and call.path[3]:find("^hmac") and not read.capabilities.secrets then
    report:error(path, call.line, 'secrets need a capability: add "capabilities": { "secrets": true } to plugin.json')
  end
end

function checks.tx(report, path, call, read)
  local what, first = call.path[3], whole_text(call.args[1])
  if what == "emit" and first and first:sub(1, #read.id + 1) ~= read.id .. "." then
    report:error(path, call.line, "the name of a plugin's event begins with %s: write \"%s.%s\"", read.id, read.id, first:match("[^.]*$"))
  elseif (what == "take" or what == "put") and first and not has(read.capabilities.accounts, first) then
    report:error(path, call.line, 'add "capabilities": { "accounts": ["%s"] } to plugin.json', first)
  end
end

-- ---- where a call may stand ------------------------------------------------------------------------------------------------

local RENAMED <const> = { ["crypto.hmac_sha256_ok"] = "crypto.hmac_ok", ["crypto.hmac_sha256"] = "crypto.hmac" }

-- "http.request" of shop.http.get.
local function host_call_of(path)
  local name = table.concat(path, ".", 2)
  if path[2] == "http" then return "http.request" end
  return RENAMED[name] or name
end

-- The kinds of the handlers in each module, for modules that plugin.json names.
local function kinds_by_module(read)
  local kinds = {}
  local function note(name, kind)
    local module = name:match("^[^:]+"):gsub("%.", "/")
    kinds[module] = kinds[module] or {}
    kinds[module][kind] = true
  end
  for place, contract in pairs(contracts.by_place()) do
    for _, entry in ipairs(read.contributes[place] or {}) do
      if entry.handler then note(entry.handler, contract.kind) end
      for _, kind in pairs(entry.adapter and contract.functions or {}) do note(entry.adapter, kind) end
    end
  end
  return kinds
end

local function names_of(kinds)
  local names = {}
  for kind in pairs(kinds) do names[#names + 1] = kind end
  table.sort(names)
  return table.concat(names, ", ")
end

local function check_kind(report, path, call, kinds)
  local definition = host.list()[host_call_of(call.path)]
  if not kinds or not definition then return end
  for kind in pairs(kinds) do
    if definition.kinds[kind] then return end
  end
  report:error(path, call.line, "%s may be called in handlers of these kinds: %s; those of this file are: %s", table.concat(call.path, "."),
    names_of(definition.kinds), names_of(kinds))
end

-- ---- what is asked for and never used ----------------------------------------------------------------------------------------

local USED_BY <const> = { http = "http", mail = "mail", commands = "command", services = "service", read = "db", storage = "storage" }

local function check_unused(report, read, found, used)
  for capability, call in pairs(USED_BY) do
    local asked = read.capabilities[capability]
    if asked and asked ~= false and not used[call] then
      local path = "capabilities." .. capability
      report:warn("plugin.json", found.lines[path] or 1, "no source uses %s: merchants trust a plugin more that asks for less", path)
    end
  end
end

-- ---- all of it ---------------------------------------------------------------------------------------------------------------

local function check_settings(report, use, read)
  for _, member in ipairs(use.members) do
    local name = member.path[1] == "shop" and member.path[2] == "settings" and member.path[3]
    if name and not read.settings[name] then
      report:error(use.path, member.line, 'plugin.json has no setting %s of the plugin: add it under "settings"', name)
    end
  end
end

---@param report table
---@param read merx.Manifest
---@param found merx.Places
---@param uses merx.SourceUse[] each with its path
---@param made table<string, boolean> the tables that its migrations make
function grants.check(report, read, found, uses, made)
  local by_module, used = kinds_by_module(read), {}
  for _, use in ipairs(uses) do
    local kinds = by_module[use.path:match("^%a+/(.*)%.lua$")]
    for _, call in ipairs(use.calls) do
      local what = call.path[1] == "shop" and call.path[2]
      if what then
        used[what] = true
        if checks[what] then checks[what](report, use.path, call, read, made) end
        check_kind(report, use.path, call, kinds)
      end
    end
    check_settings(report, use, read)
  end
  check_unused(report, read, found, used)
end

return grants
