local badges = {}

local DAY <const> = 86400000

-- View patch: products that came in the last `days` days are new; 0 marks none.
function badges.mark_new(input, cfg)
  local list = {}
  if not cfg.days or cfg.days == 0 then return list end
  local since = shop.now() - cfg.days * DAY
  for _, item in ipairs(input.items) do
    local created = shop.db.value("SELECT created_at FROM pub_products WHERE id = :id", { id = item.id })
    if created and created >= since then list[#list + 1] = { id = item.id, badges = { "new" } } end
  end
  return list
end

return badges
