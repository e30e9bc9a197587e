---@meta native.answer
--- What handlers answer: lists of records, each of a kind that has fields, and messages in them.
--- A message is a key, or { key, name = value }: readable UTF-8 without control characters, of 1 to 200 bytes; names of up
--- to 50 bytes, values that are booleans, finite numbers or text of up to 500 bytes, 20 parts in all.

---@class native.answer
local answer = {}

---@class native.AnswerField
---@field name string
---@field test "integer"|"boolean"|"text"|"message"|"member"|"function"
---@field required? boolean
---@field choice? boolean of these a record of the kind has exactly one
---@field min? integer of an integer, or of the bytes of a text
---@field max? integer
---@field of? string|fun(value: any, context: table): boolean "member": it is a key of the table that the context has under this name; "function": what tests it

---@alias native.AnswerFault
---| "list" # it has other keys than 1 to its length, or holes
---| "many" # it has more records than `most`
---| "untagged" # a record names no kind
---| "unknown" # a record is of no kind that there is
---| "malformed" # a record has a field that is not right, or lacks one

--- Makes what checks lists of records. It tells nil when all is well; otherwise what is wrong, and the number of the first
--- wrong record ("many": how many there are).
---@param tag string the field of a record that names its kind
---@param kinds table<string, native.AnswerField[]>
---@return fun(list: table, context: table, most: integer): native.AnswerFault?, integer?
function answer.checker(tag, kinds) end

--- Whether it is a text of so many bytes: UTF-8 without control characters.
---@param value any
---@param min integer
---@param max integer
---@return boolean
function answer.is_text(value, min, max) end

--- Makes what puts a prefix in front of the keys of messages, in the records themselves. Whatever is no list, no record
--- or no message stays as it is.
---@param prefix string
---@param ... string names of the fields that are messages
---@return fun(list: any): any list
function answer.owner(prefix, ...) end

--- Makes what turns messages, whichever way they are written, into data. The same table comes again as long as a key is
--- used in the same way: it is for readers only.
---@return fun(message: nil|string|table, plugin?: string): { key: string, args: table, plugin?: string }?
function answer.messages() end

return answer
