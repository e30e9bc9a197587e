---@meta native.template
--- What compiled templates print with, and HTML as a value.

---@class native.template
local template = {}

--- A string that is markup already and is never escaped again.
---@class native.Html: table

--- A function (buf, value, …) that writes a literal before each value and one behind the last.
---@param literals string[] one more than flags
---@param flags string "e" (escaped) or "r" (raw) for each value
---@return fun(buf: native.Buf, ...: any)
function template.segment(literals, flags) end

--- Prints one value.
---@param buf native.Buf
---@param value any
---@param escape? boolean
function template.put(buf, value, escape) end

---@param buf native.Buf
---@return integer mark bytes so far
function template.mark(buf) end

--- Takes out what was printed since the mark.
---@param buf native.Buf
---@param mark integer
---@return string
function template.cut(buf, mark) end

--- How long a buffer may become.
---@param bytes integer
---@return integer before
function template.limit(bytes) end

--- Who gives the text of an array, a hash or a drop, and who raises when a buffer passes the limit.
---@param printer fun(value: any): string|native.Html|nil
---@param overflow fun()
function template.configure(printer, overflow) end

--- HTML that holds the string; HTML and nil come back as they are.
---@generic T
---@param value T|string
---@return native.Html
function template.html(value) end

---@param value any
---@return boolean
function template.is_html(value) end

--- The fewest digits that read back equal.
---@param number number
---@return string
function template.number(number) end

--- The string with & < > " ' escaped.
---@param s string
---@return string
function template.escape(s) end

return template
