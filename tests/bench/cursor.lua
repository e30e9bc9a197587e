--- merx cursor DEPTH: prints the address of the page of all products, by price, that lies DEPTH products
--- deep. Like seed.lua, it is put into a share folder of the bench.
local crypto = require("kernel.crypto")
local json = require("kernel.json")
local native_db = require("native.db")
local text = require("native.text")

local cursor = { summary = "address of a deep page", usage = "merx cursor DEPTH\n" }

---@param args string[]
---@return integer exit_code
function cursor.run(args)
  local depth = math.tointeger(tonumber(args[1] or ""))
  if not depth or depth < 1 then
    io.stderr:write("merx cursor: say how deep\n\n", cursor.usage)
    return 2
  end
  local statement = assert(native_db.main():prepare([[
    SELECT price_amount, product_id
      FROM listings
     WHERE channel_id = 1 AND price_list_id = 1 AND category_id = 0
     ORDER BY price_amount, product_id
     LIMIT 1 OFFSET :depth]]))
  local row = statement:one({ depth = depth - 1 })
  if not row then
    io.stderr:write("merx cursor: the list is not that long\n")
    return 3
  end
  local sealed = crypto.sign("cursor", json.encode({ "price", row.price_amount, row.product_id }))
  io.write("/collections/all?sort_by=price-ascending&after=", text.url_encode(sealed), "\n")
  return 0
end

return cursor
