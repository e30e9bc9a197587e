--- The journal: who changed what, and when. Each link's hash covers the one before and a salted digest
--- of its payload. Payloads lie beside the chain and may be erased; what was done stays provable.
local command = require("kernel.command")
local crypto = require("kernel.crypto")
local db = require("kernel.db")
local json = require("kernel.json")
local schema = require("kernel.schema")
local text = require("kernel.text")

local audit = {}

local START <const> = ("0"):rep(64)
local BATCH <const> = 500

local function sha256(bytes)
  return text.hex(crypto.sha256(bytes))
end

-- Lengths go before the fields, so that no two links can read the same.
local function link(previous, entry)
  local parts = { previous }
  for _, value in ipairs({ tostring(entry.at), entry.actor, entry.action, entry.entity, entry.entity_id, entry.digest }) do
    parts[#parts + 1] = #value .. ":" .. value
  end
  return sha256(table.concat(parts, "\n"))
end

--- Appends what a command noted with tx.audit, in the command's own transaction.
---@param tx merx.Tx
---@param entries { action: string, entity: string, id: any, before?: table, after?: table }[]
function audit.append(tx, entries)
  local previous = db.value("audit_last_hash") or START
  for _, noted in ipairs(entries) do
    local payload = json.encode({ before = noted.before, after = noted.after })
    local salt = tx.uuid()
    local entry = {
      at = tx.now, actor = tx.actor, action = noted.action, entity = noted.entity, entity_id = tostring(noted.id),
      digest = sha256(salt .. payload),
    }
    entry.hash = link(previous, entry)
    local _, seq = db.run("audit_entry_insert", entry)
    db.run("audit_payload_insert", { seq = seq, salt = salt, payload = payload })
    previous = entry.hash
  end
end

--- Walks the whole chain.
---@return { count: integer, erased: integer, broken?: integer, problem?: string } broken: the first link that is wrong
function audit.verify()
  local previous, after, report = START, 0, { count = 0, erased = 0 }
  repeat
    local rows = db.many("audit_entries_after", { after = after, limit = BATCH })
    for _, row in ipairs(rows) do
      if link(previous, row) ~= row.hash then
        report.broken, report.problem = row.seq, "its hash does not follow from the link before"
        return report
      end
      if not row.payload then
        report.erased = report.erased + 1
      elseif sha256(row.salt .. row.payload) ~= row.digest then
        report.broken, report.problem = row.seq, "its payload is not the one that was written"
        return report
      end
      report.count, previous, after = report.count + 1, row.hash, row.seq
    end
  until #rows < BATCH
  return report
end

local function open_rows(rows)
  for _, row in ipairs(rows) do
    local payload = row.payload and json.decode(row.payload) or {}
    row.before, row.after, row.is_erased, row.payload = payload.before, payload.after, row.payload == nil, nil
  end
  return rows
end

--- The journal, newest first.
---@param limit integer
---@param before? integer seq of the last one of the page before
---@return table[]
function audit.list(limit, before)
  return open_rows(db.many("audit_recent", { limit = limit, before = before or math.maxinteger }))
end

--- What happened to one thing, newest first.
---@param entity string
---@param id integer|string
---@param limit integer
---@param before? integer
---@return table[]
function audit.list_of(entity, id, limit, before)
  return open_rows(db.many("audit_of_entity", {
    entity = entity, entity_id = tostring(id), limit = limit, before = before or math.maxinteger,
  }))
end

command.define({
  name = "audit.erase",
  doc = "Erases what the journal tells of a person or thing; that something was done stays.",
  args = schema.object({ entity = schema.text({ required = true, max = 50 }), id = schema.text({ required = true, max = 100 }) }),
  handler = function(tx, args)
    local count = db.run("audit_erase", { entity = args.entity, entity_id = args.id })
    tx.audit({ action = "audit.erase", entity = args.entity, id = args.id, after = { erased = count } })
    return { erased = count }
  end,
})

command.audit_with(audit.append)

return audit
