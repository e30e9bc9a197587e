--- People who buy, with an account or as guests.
local addresses = require("domain.customer.addresses")
local countries = require("domain.customer.countries")
local db = require("kernel.db")
local text = require("kernel.text")
require("domain.customer.commands")

local customer = {}

customer.check_address = addresses.check
customer.address_lines = addresses.lines
customer.address_names = addresses.names
customer.country_format = countries.format
customer.countries = countries

---@class merx.Customer
---@field id integer
---@field email string
---@field name string
---@field customer_group_id? integer
---@field group? string handle
---@field is_tax_exempt boolean
---@field tax_number? string

--- A customer by id.
---@param id integer
---@return merx.Customer?
function customer.find(id)
  local row = db.one("customer_by_id", { id = id })
  if not row then return nil end
  row.group, row.is_tax_exempt, row.is_enabled = row.group_handle, row.is_tax_exempt == 1, row.is_enabled == 1
  return row
end

--- Who an e-mail belongs to, with the hash of the password.
---@param email string
---@return { id: integer, email: string, password_hash?: string, is_enabled: boolean, email_verified_at?: integer }?
function customer.find_by_email(email)
  local row = db.one("customer_by_email", { email_key = text.fold(email) })
  if row then row.is_enabled = row.is_enabled == 1 end
  return row
end

--- The address book of a customer.
---@param id integer
---@return merx.Address[]
function customer.addresses(id)
  local rows = db.many("addresses_of_customer", { customer_id = id })
  for _, row in ipairs(rows) do row.is_delivery, row.is_billing = row.is_delivery == 1, row.is_billing == 1 end
  return rows
end

return customer
