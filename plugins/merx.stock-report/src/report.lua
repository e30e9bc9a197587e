-- Stock as a list: what is low by mail, all of it as a file for whoever knows the key.
local report = {}

local MOST <const> = 5000

local STOCK <const> = [[
SELECT coalesce(v.sku, '') AS sku, p.title, coalesce(v.title, '') AS variant, sum(s.available) AS available
  FROM pub_stock AS s
  JOIN pub_variants AS v ON v.id = s.owner_id
  JOIN pub_products AS p ON p.id = v.product_id
 GROUP BY s.owner_id
HAVING sum(s.available) <= :most
 ORDER BY available, sku
 LIMIT :limit]]

function report.morning()
  local to = shop.settings.mail_to
  if not to then return end
  local rows = {}
  for i, row in ipairs(shop.db.many(STOCK, { most = shop.settings.low, limit = 200 })) do
    local title = row.variant ~= "" and row.title .. ", " .. row.variant or row.title
    rows[i] = ("%6d  %-20s %s"):format(row.available, row.sku, title)
  end
  if #rows == 0 then return end
  local ok, err = shop.mail.send({
    to = to, subject = shop.words("en", "subject", { count = #rows }), text = table.concat(rows, "\n") .. "\n",
  })
  if not ok and err.code ~= "mail.off" then error(err.message, 0) end
end

-- A cell that a spreadsheet reads as text, never as a formula.
local function cell(value)
  local text = tostring(value)
  if text:find("^[=+@\t-]") then text = "'" .. text end
  if text:find('[",\n]') then text = '"' .. text:gsub('"', '""') .. '"' end
  return text
end

function report.file(input)
  if not shop.crypto.equal(shop.secret("key"), input.query.key) then return nil end
  local lines = { "SKU,Name,Variant,Available" }
  for _, row in ipairs(shop.db.many(STOCK, { most = 1 << 40, limit = MOST })) do
    lines[#lines + 1] = table.concat({ cell(row.sku), cell(row.title), cell(row.variant), row.available }, ",")
  end
  return { text = table.concat(lines, "\r\n") .. "\r\n", type = "text/csv" }
end

return report
