local limits = {}

-- Guard: no more than so many pieces in a cart.
function limits.cart(input, cfg)
  if input.item_count > cfg.most then return { message = { "too_many", most = cfg.most } } end
end

-- Guard: no more than so many pieces of one product in all its variants.
function limits.product(input, cfg)
  local counts = {}
  for _, line in ipairs(input.lines) do
    local count = (counts[line.product_id] or 0) + line.quantity
    if count > cfg.most then return { message = { "too_many_of", most = cfg.most, title = line.title } } end
    counts[line.product_id] = count
  end
end

return limits
