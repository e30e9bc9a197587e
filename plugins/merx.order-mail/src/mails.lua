-- One mail for each step of an order that its buyer should know of. Without a mail server nobody asks for it.
local mails = {}

local function read(id)
  local order = shop.db.one("SELECT * FROM pub_orders WHERE id = :id", { id = id })
  local contact = shop.db.one("SELECT * FROM pub_personal_order_contacts WHERE order_id = :id", { id = id })
  if not order or not contact or contact.email == "" then return nil end
  order.lines = shop.db.many("SELECT * FROM pub_order_lines WHERE order_id = :id ORDER BY position", { id = id })
  return order, contact
end

local function link(contact)
  local address = shop.settings.address
  return address and (address:gsub("/+$", "") .. "/orders/" .. contact.token)
end

local function text_of(order, contact, step)
  local locale = order.locale
  local function money(amount) return shop.money(locale, amount, order.currency) end
  local rows = { shop.words(locale, step .. ".greeting", { number = order.number }), "" }
  for _, line in ipairs(order.lines) do
    local title = line.variant_title ~= "" and line.title .. ", " .. line.variant_title or line.title
    rows[#rows + 1] = ("%d × %s  %s"):format(line.quantity, title, money(line.total_amount))
  end
  rows[#rows + 1] = ""
  rows[#rows + 1] = shop.words(locale, "total", { total = money(order.total_amount) })
  if order.tax_amount > 0 then rows[#rows + 1] = shop.words(locale, "tax", { tax = money(order.tax_amount) }) end
  local address = link(contact)
  if address then
    rows[#rows + 1] = ""
    rows[#rows + 1] = shop.words(locale, "link") .. "\n" .. address
  end
  return table.concat(rows, "\n") .. "\n"
end

local function send(event, step)
  local order, contact = read(event.body.id)
  if not order then return end
  local ok, err = shop.mail.send({
    to = contact.email, from_name = shop.settings.name, subject = shop.words(order.locale, step .. ".subject", { number = order.number }),
    text = text_of(order, contact, step),
  })
  if ok or err.code == "mail.off" then return end
  if err.code == "mail.refused" or err.code == "mail.address" then -- another try would not help
    shop.log("a mail was refused", { order = order.number, error = err.message })
    return
  end
  error(err.message, 0)
end

function mails.placed(event) send(event, "placed") end
function mails.shipped(event) send(event, "shipped") end
function mails.cancelled(event) send(event, "cancelled") end

return mails
