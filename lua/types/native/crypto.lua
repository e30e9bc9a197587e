---@meta native.crypto
--- Digests are raw bytes; native.text has hex and base64 for them.

---@class native.crypto
local crypto = {}

---@return string token 43 characters, 256 bits
function crypto.token() end

--- What is stored instead of a token.
---@param token string
---@return string hash 32 bytes
function crypto.token_hash(token) end

---@return string uuid version 7
function crypto.uuid() end

---@param s string
---@return string digest 32 bytes
function crypto.sha256(s) end

---@param s string
---@return string digest 64 bytes
function crypto.sha512(s) end

---@param s string
---@param key? string at most 64 bytes
---@return string digest 32 bytes
function crypto.blake2b(s, key) end

--- For one-time passwords and old providers only.
---@param key string
---@param s string
---@return string digest 20 bytes
function crypto.hmac_sha1(key, s) end

---@param key string
---@param s string
---@return string digest 32 bytes
function crypto.hmac_sha256(key, s) end

---@param key string
---@param s string
---@return string digest 64 bytes
function crypto.hmac_sha512(key, s) end

--- Compares in a time that does not tell where they differ.
---@param a string
---@param b string
---@return boolean
function crypto.equal(a, b) end

--- Seals with the key file, bound to a name, as "plugin|key|scope".
---@param name string
---@param plain string
---@return string? sealed
---@return native.Error? err
function crypto.seal(name, plain) end

---@param name string the same as when it was sealed
---@param sealed string
---@return string? plain
---@return native.Error? err
function crypto.open(name, sealed) end

--- Signs what travels through a visitor's hands, for one purpose.
---@param purpose string
---@param value string
---@return string? signed
---@return native.Error? err
function crypto.sign(purpose, value) end

---@param purpose string
---@param signed string
---@return string? value
---@return native.Error? err
function crypto.verify(purpose, signed) end

--- Waits in a task.
---@param password string
---@return string? hash
---@return native.Error? err
function crypto.hash_password(password) end

--- Waits in a task. Without a hash it takes as long and says false: for accounts that do not exist.
---@param hash string?
---@param password string
---@return boolean? is_right
---@return native.Error? err
function crypto.verify_password(hash, password) end

--- Whether the hash was made with weaker parameters than today's.
---@param hash string
---@return boolean
function crypto.needs_rehash(hash) end

---@param private_key string PEM, or the base64 inside
---@param message string
---@return string? signature raw
---@return native.Error? err
function crypto.rsa_sign(private_key, message) end

---@param public_key string PEM, a certificate, or the base64 inside
---@param message string
---@param signature string raw
---@return true? ok
---@return native.Error? err
function crypto.rsa_verify(public_key, message, signature) end

---@param key string 16, 24 or 32 bytes
---@param nonce string 12 bytes, never used twice
---@param associated string?
---@param plain string
---@return string? sealed
---@return native.Error? err
function crypto.aes_gcm_seal(key, nonce, associated, plain) end

---@param key string
---@param nonce string
---@param associated string?
---@param sealed string
---@return string? plain
---@return native.Error? err
function crypto.aes_gcm_open(key, nonce, associated, sealed) end

return crypto
