--- Which passwords are good enough: long, and not among the first that anybody tries. No rule about
--- capitals and signs: they make passwords worse to remember and hardly harder to guess.
local text = require("kernel.text")

local password = {}

password.SHORTEST = 12
password.LONGEST = 200

local OWN_LEAST <const> = 5 -- characters that must be left when all that is well known is taken away
local DIFFERENT_LEAST <const> = 5

-- Words and runs that the first guesses are made of; years and digits are taken away before.
local COMMON <const> = {
  "abcdefghijklmnopqrstuvwxyz", "qwertyuiop", "asdfghjkl", "zxcvbnm", "qazwsxedcrfv", "qwertzuiop", "yxcvbnm", "azerty",
  "administrator", "password", "passwort", "passphrase", "motdepasse", "changeme", "letmein", "iloveyou", "sunshine", "princess",
  "football", "baseball", "superman", "starwars", "whatever", "computer", "internet", "football", "dragon", "monkey", "master",
  "shadow", "qwerty", "welcome", "willkommen", "default", "secret", "geheim", "manager", "backoffice", "webshop", "google",
  "summer", "winter", "spring", "autumn", "sommer", "january", "december", "hello", "hallo", "admin", "owner", "staff",
  "login", "trustno", "freedom", "flower", "woaini", "mima", "test", "user", "root", "shop", "store", "merx", "pass", "abc", "xyz",
  "qaz", "wsx", "asd", "zxc", "love", "the", "and", "for", "you",
}
table.sort(COMMON, function(a, b)
  if #a ~= #b then return #a > #b end
  return a < b
end)

local LOOKALIKES <const> = { ["0"] = "o", ["1"] = "l", ["3"] = "e", ["4"] = "a", ["5"] = "s", ["7"] = "t", ["@"] = "a", ["$"] = "s", ["!"] = "i" }

local function strip(folded, words)
  for _, word in ipairs(words) do
    if #word >= 3 then folded = folded:gsub(word:gsub("%p", "%%%0"), "") end
  end
  return folded
end

-- What is left of it when digits and signs, common words and what belongs to the person are taken away.
local function own_part(folded, words)
  local plain = strip(strip(folded:gsub("[%d%p%s]", ""), words), COMMON)
  local read = strip(strip(folded:gsub(".", LOOKALIKES):gsub("[%d%p%s]", ""), words), COMMON)
  return math.min(text.len(plain), text.len(read))
end

local function count_different(folded)
  local seen, count = {}, 0
  for _, code in utf8.codes(folded) do
    if not seen[code] then seen[code], count = true, count + 1 end
  end
  return count
end

-- The share of neighbours that only count on: 1234, abcd, 9876.
local function is_counting(folded)
  local steps, last = 0, nil
  local length = 0
  for _, code in utf8.codes(folded) do
    if last and math.abs(code - last) <= 1 then steps = steps + 1 end
    last, length = code, length + 1
  end
  return steps * 4 >= (length - 1) * 3
end

--- The spelling that is hashed: the same characters, however a keyboard sends them.
---@param typed string
---@return string
function password.normal(typed)
  return text.nfkc(typed)
end

--- What is wrong with a password.
---@param typed string normal
---@param words string[] that belong to the person: name, e-mail, shop
---@return string? problem key of a message: "password.too_short", "password.too_long", "password.common"
function password.problem(typed, words)
  local length = text.valid(typed) and text.len(typed) or 0
  if length < password.SHORTEST then return "password.too_short" end
  if length > password.LONGEST then return "password.too_long" end
  local folded, parts = text.fold(typed), {}
  for _, word in ipairs(words) do
    for part in text.fold(word):gmatch("[^%p%s]+") do parts[#parts + 1] = part end
  end
  table.sort(parts, function(a, b) return #a > #b end)
  -- A password of digits and signs alone is judged by how many different ones there are.
  local is_wordless = not folded:find("[%a\128-\255]")
  if count_different(folded) < (is_wordless and DIFFERENT_LEAST + 3 or DIFFERENT_LEAST) or is_counting(folded) then return "password.common" end
  if not is_wordless and own_part(folded, parts) < OWN_LEAST then return "password.common" end
  return nil
end

return password
