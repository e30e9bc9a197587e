--- Fields of forms as templates print them: a label, what stands in it, what is wrong with it.
local i18n = require("kernel.i18n")
local page = require("web.admin.page")

local fields = {}

---@class merx.FieldOptions
---@field value? any
---@field type? string
---@field autocomplete? string
---@field inputmode? string
---@field required? boolean
---@field label? string text
---@field help? string text
---@field unit? string text beside the field
---@field rows? integer of a field for longer texts
---@field is_plain? boolean neither required nor called optional
---@field options? { value: string, label: string }[]
---@field problem? string key of a message: "schema.required", "password.common"
---@field args? table of that message

--- What a mistake is called.
---@param self table page
---@param problem string key
---@param args? table
---@return string
function fields.message(self, problem, args)
  return i18n.find(self.locale, "admin.problems." .. problem:gsub("%.", "_"), args) or i18n.text(self.locale, problem, args)
end

---@param self table page
---@param name string
---@param options merx.FieldOptions
---@return table
function fields.of(self, name, options)
  local field = {
    id = "field-" .. name:gsub("[^%w_-]", "-"), name = name, label = options.label or page.text(self, "fields." .. name), type = options.type or "text",
    value = options.value == nil and "" or options.value, autocomplete = options.autocomplete or "off", inputmode = options.inputmode,
    required = options.required, help = options.help, unit = options.unit, options = options.options, rows = options.rows,
    is_plain = options.is_plain,
  }
  if options.problem then field.error = fields.message(self, options.problem, options.args) end
  return field
end

--- All mistakes of a form, each with the field that it leads to.
---@param list table[] fields
---@return { id: string, message: string }[]
function fields.errors(list)
  local errors = {}
  for _, field in ipairs(list) do
    if field.error then errors[#errors + 1] = { id = field.id, message = field.error } end
  end
  return errors
end

return fields
