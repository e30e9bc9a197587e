---@meta native.text
--- Text by code points, rich text, encodings, CSV.

---@class native.text
local text = {}

---@param s string|native.Html
---@return string
function text.upper(s) end

---@param s string|native.Html
---@return string
function text.lower(s) end

--- What two spellings of one word have in common: NFKC, without case and accents.
---@param s string|native.Html
---@return string
function text.fold(s) end

---@param s string|native.Html
---@return string
function text.nfkc(s) end

--- What somebody typed into one line: NFKC, white space within is one blank each, none is around it.
---@param s string
---@return string
function text.tidy(s) end

--- A handle for addresses; may be empty.
---@param s string|native.Html
---@return string
function text.slug(s) end

---@param s string|native.Html
---@return integer code points
function text.len(s) end

--- As string.sub, by code points.
---@param s string|native.Html
---@param first integer
---@param last? integer -1
---@return string
function text.sub(s, first, last) end

---@param s string|native.Html
---@return boolean is_utf8
function text.valid(s) end

---@param language string ISO 639-1
---@param word string folded
---@return string? stem
---@return native.Error? err
function text.stem(language, word) end

---@param s string|native.Html
---@return string? html
---@return native.Error? err
function text.markdown(s) end

--- Leaves an allow-list of elements and attributes.
---@param s string|native.Html
---@return string? html
---@return { elements: integer, attributes: integer, addresses: integer }|native.Error removed
function text.clean_html(s) end

---@param s string|native.Html
---@return string? text
---@return native.Error? err
function text.strip_html(s) end

---@param s string|native.Html
---@return string
function text.url_encode(s) end

--- Leaves "/" alone.
---@param s string|native.Html
---@return string
function text.url_encode_path(s) end

---@param s string
---@param plus_is_space? boolean
---@return string?
---@return native.Error? err
function text.url_decode(s, plus_is_space) end

---@param bytes string
---@return string
function text.base64(bytes) end

---@param s string
---@return string? bytes
---@return native.Error? err
function text.unbase64(s) end

---@param bytes string
---@return string without padding
function text.base64url(bytes) end

---@param s string
---@return string? bytes
---@return native.Error? err
function text.unbase64url(s) end

---@param bytes string
---@return string lower case
function text.hex(bytes) end

---@param s string
---@return string? bytes
---@return native.Error? err
function text.unhex(s) end

---@class native.CsvReader: userdata
---@field delimiter string
---@field encoding string
local CsvReader = {}

--- Finds delimiter and encoding out by itself, unless told.
---@param source string|{ path: string }
---@param options? { delimiter?: string, encoding?: string }
---@return native.CsvReader? reader
---@return native.Error? err
function text.csv(source, options) end

--- One record with CR LF behind it.
---@param fields (string|number|boolean)[]
---@param delimiter? string ","
---@return string
function text.csv_write(fields, delimiter) end

--- The next record and the line it began in; nil at the end; nil and an error with line and column.
---@return string[]? fields
---@return (integer|native.Error|{ line: integer, column: integer })? line
function CsvReader:next() end

function CsvReader:close() end

return text
