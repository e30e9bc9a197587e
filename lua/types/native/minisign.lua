---@meta native.minisign
--- Signatures in the formats of minisign. Keys and signatures are the text of their files.

---@class native.minisign
local minisign = {}

--- The file of a new secret key.
---@param password string empty: it can be read by whoever has the file
---@return string? secret
---@return native.Error? err
function minisign.create(password) end

--- Whether a secret key takes a password.
---@param secret string
---@return boolean
function minisign.is_locked(secret) end

--- The file of the public key that belongs to a secret one.
---@param secret string
---@param password string
---@return string? public
---@return native.Error? err
function minisign.public_of(secret, password) end

--- The id of a public key: 16 hex digits.
---@param public string
---@return string? id
---@return native.Error? err
function minisign.key_id(public) end

--- The id of the key that a signature names. Nothing is verified.
---@param signature string
---@return string? id
---@return native.Error? err
function minisign.signed_by(signature) end

--- The file of a signature.
---@param secret string
---@param password string
---@param bytes string what is signed
---@param comment string one line that is signed, too
---@param legacy? boolean sign the bytes themselves, not their digest
---@return string? signature
---@return native.Error? err
function minisign.sign(secret, password, bytes, comment, legacy) end

---@param public string
---@param bytes string
---@param signature string
---@return string? comment the trusted one
---@return native.Error? err says whether the key, the bytes or the comment are wrong
function minisign.verify(public, bytes, signature) end

return minisign
