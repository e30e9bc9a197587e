---@meta native.buf
--- Bytes that are owned and grow: what pages are printed into.

---@class native.buf
local buf = {}

---@class native.Buf: userdata
local Buf = {}

---@param room? integer bytes to make room for
---@return native.Buf
function buf.new(room) end

--- Appends strings, numbers and HTML as they are.
---@param ... string|number|native.Html
---@return native.Buf self
function Buf:put(...) end

--- Appends, escaped for HTML; HTML as it is.
---@param ... string|number|native.Html
---@return native.Buf self
function Buf:esc(...) end

---@return integer bytes
function Buf:len() end

---@return string
function Buf:string() end

--- Empties it and frees its memory: the collector does not know how much that is.
function Buf:free() end

--- Empties it and keeps its memory.
---@return native.Buf self
function Buf:reset() end

return buf
