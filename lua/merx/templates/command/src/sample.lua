-- Command: runs in the writer, inside one transaction. What it refuses leaves nothing behind.
local M = {}

local LONGEST <const> = 500

---@type merx.fn.command
function M.note(args, _, tx)
  local text = args.text
  if type(text) ~= "string" or text == "" or #text > LONGEST then
    return nil, { code = "text", message = "a note has 1 to 500 bytes of text" }
  end
  local id = shop.tx.uuid()
  shop.db.run("INSERT INTO p_acme_sample_notes (id, text, at) VALUES (:id, :text, :at)", { id = id, text = text, at = tx.now })
  shop.tx.emit("acme.sample.noted", id, { text = text })
  return { id = id }
end

return M
