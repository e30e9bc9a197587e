local i18n = require("kernel.i18n")
local test = require("support.test")
local shop = require("support.shop")
shop.open()
local addresses = require("domain.customer.addresses")
local command = require("kernel.command")
local countries = require("domain.customer.countries")
local customer = require("domain.customer")
local db = require("kernel.db")

-- One good address for each country, as people type it, and its postal code as the post writes it.
local typed = {
  AT = { "1010", "1010" }, AU = { "2000", "2000", province = "nsw" }, BE = { "1000", "1000" },
  BR = { "01310100", "01310-100", province = "SP" }, CA = { "k1a0b1", "K1A 0B1", province = "ON" }, CH = { "8001", "8001" },
  CN = { "１０００００", "100000", province = "BJ", district = "东城区", phone = "+86 10 1234 5678" }, CZ = { "11000", "110 00" },
  DE = { " 10117 ", "10117" }, DK = { "1050", "1050" }, ES = { "28001", "28001", province = "Madrid" }, FI = { "00100", "00100" },
  FR = { "75001", "75001" }, GB = { "sw1a1aa", "SW1A 1AA" }, IE = { "d02af30", "D02 AF30" },
  IN = { "110 001", "110001", province = "Delhi" }, IT = { "00144", "00144", province = "RM" },
  JP = { "1000001", "100-0001", province = "13" }, KR = { "03051", "03051", province = "Seoul" },
  NL = { "1012ab", "1012 AB" }, NO = { "0150", "0150" }, NZ = { "6011", "6011" }, PL = { "00001", "00-001" },
  PT = { "1000001", "1000-001" }, SE = { "11122", "111 22" }, SG = { "018956", "018956" },
  US = { "10001-1234", "10001-1234", province = "NY" },
}

local function address_of(code, entry)
  return {
    name = "Ada Lovelace", line1 = "1 Main Street", city = "City", postal_code = entry[1], country = code:lower(),
    province = entry.province, district = entry.district, phone = entry.phone,
  }
end

test.group("addresses", function()
  test.case("take what people type in each of 27 countries", function()
    for code, entry in pairs(typed) do
      local address, err = addresses.check(address_of(code, entry))
      test.equal(err, nil, code)
      test.equal({ address.country, address.postal_code }, { code, entry[2] }, code)
    end
  end)

  test.case("refuse a postal code of another country", function()
    for code, entry in pairs(typed) do
      local address = address_of(code, entry)
      address.postal_code = "!" .. code .. "?"
      local err = test.fails("address.invalid", addresses.check(address))
      test.equal(err.fields.postal_code, "address.postal_code", code)
    end
  end)

  test.case("ask for a province only where there is one", function()
    local german = address_of("DE", typed.DE)
    german.province = nil
    assert(addresses.check(german))
    local american = address_of("US", typed.US)
    american.province = nil
    test.equal(test.fails("address.invalid", addresses.check(american, "delivery")).fields["delivery.province"], "schema.required")
    american.province = "Bavaria"
    test.equal(test.fails("address.invalid", addresses.check(american)).fields.province, "address.province")
  end)

  test.case("know nothing of a country and ask for little", function()
    assert(addresses.check({ name = "A", line1 = "B", city = "C", country = "MW" }))
    test.equal(test.fails("address.invalid", addresses.check({ name = "A", line1 = "B", city = "C", country = "XX" })).fields.country,
      "address.country")
  end)

  test.case("make the name of its parts when only those are sent", function()
    local address = assert(addresses.check({
      given_name = "Ada", family_name = "Lovelace", line1 = "B", city = "Berlin", postal_code = "10117", country = "DE" }))
    test.equal({ address.name, address.given_name }, { "Ada Lovelace", "Ada" })
  end)

  test.case("are written in the order of their country", function()
    local chinese = assert(addresses.check(address_of("CN", typed.CN)))
    test.equal(addresses.lines(chinese, "zh-CN")[2], "北京市")
    test.equal(addresses.lines(chinese, "en")[2], "Beijing")
    local american = assert(addresses.check(address_of("US", typed.US)))
    test.truthy(table.concat(addresses.lines(american, "en"), "\n"):find("NY", 1, true), "a label in the States has codes")
    local german = assert(addresses.check(address_of("DE", typed.DE)))
    test.equal(addresses.lines(german, "en")[3], "10117 City")
  end)

  test.case("every province to choose from has a name in each language of the shop", function()
    for code, format in pairs(countries.known()) do
      for _, province in ipairs(format.provinces or {}) do
        for _, locale in ipairs({ "en", "zh-CN" }) do
          test.truthy(i18n.province(locale, code, province) ~= province, locale .. " " .. code .. "-" .. province)
        end
      end
    end
  end)

  test.case("every format names fields that exist, and requires only fields that it shows", function()
    local known = {}
    for _, name in ipairs(addresses.names) do known[name] = true end
    test.truthy(#countries.known() >= 20)
    for _, code in ipairs(countries.known()) do
      local format, shown = countries.format(code), {}
      for _, row in ipairs(format.fields) do
        for _, name in ipairs(row) do
          test.truthy(known[name], code .. " " .. name)
          shown[name] = true
        end
      end
      for name in pairs(format.required) do test.truthy(shown[name], code .. " requires " .. name) end
    end
  end)
end)

test.group("customers", function()
  test.case("one account for an e-mail, however it is spelled", function()
    shop.open()
    local made = assert(command.run("customer.register", { email = "Ada@Example.com", name = "Ada" }))
    test.fails("customer.taken", command.run("customer.register", { email = "ada@example.COM" }))
    test.equal(customer.find_by_email("ADA@example.com").id, made.id)
  end)

  test.case("somebody else's change is not overwritten", function()
    shop.open()
    local id = assert(command.run("customer.register", { email = "a@example.com" })).id
    local version = customer.find(id).version
    assert(command.run("customer.update", { id = id, name = "Ada", version = version }))
    test.fails("customer.conflict", command.run("customer.update", { id = id, name = "Bob", version = version }))
    test.equal(customer.find(id).name, "Ada")
  end)

  test.case("an address book has one address that is offered first", function()
    shop.open()
    local id = assert(command.run("customer.register", { email = "a@example.com" })).id
    for _ = 1, 2 do
      assert(command.run("customer.add_address", { customer_id = id, address = address_of("DE", typed.DE), is_delivery = true }))
    end
    local book = customer.addresses(id)
    test.equal({ book[1].is_delivery, book[2].is_delivery }, { false, true })
    test.fails("address.missing", command.run("customer.remove_address", { customer_id = id + 1, id = book[1].id }))
    assert(command.run("customer.remove_address", { customer_id = id, id = book[1].id }))
    test.equal(#customer.addresses(id), 1)
  end)

  test.case("the newest answer to a question of consent counts", function()
    shop.open()
    for _, given in ipairs({ true, false }) do
      assert(command.run("consent.record", { email = "A@example.com", purpose = "marketing", is_given = given, source = "form", text = "Yes" }))
    end
    test.equal(db.value("consent_of_email", { email_key = "a@example.com", purpose = "marketing" }), 0)
  end)
end)
