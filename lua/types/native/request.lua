---@meta native.request
--- A request: what the function `request` of boot.lua gets. After the reply every use is an error.

---@class native.request
local request = {}

---@class native.Request: userdata
---@field method string
---@field path string decoded and normalised
---@field target string raw
---@field query string raw, without "?"
---@field host string
---@field scheme "http"|"https"
---@field remote string address of the visitor
---@field id string
---@field secure boolean
local Request = {}

---@class native.FormItem
---@field name string
---@field value? string
---@field file? { path: string, filename: string, type: string, size: integer }

---@param name string any case
---@return string?
function Request:header(name) end

---@param name string
---@return string?
function Request:cookie(name) end

--- The first value of a query parameter.
---@param name string
---@return string?
function Request:arg(name) end

---@return { name: string, value: string }[]
function Request:args() end

---@return native.FormItem[]? items
---@return native.Error? err
function Request:form() end

---@return string
function Request:body() end

---@return any value
---@return native.Error? err
function Request:json() end

--- Answers, once. `shared`: the page cache may keep it with what the task has read.
---@param status integer 200 to 599
---@param headers? table<string, string|number|string[]>
---@param body? string|native.Buf|native.Html a buffer is emptied
---@param options? { shared?: boolean }
---@return true? ok
---@return native.Error? err
function Request:reply(status, headers, body, options) end

--- Adds a cookie to the coming reply. Secure and __Host- follow from the connection.
---@param name string
---@param value string
---@param options? { max_age?: integer, http_only?: boolean, same_site?: "Lax"|"Strict"|"None", path?: string }
---@return true? ok
---@return native.Error? err
function Request:set_cookie(name, value, options) end

return request
