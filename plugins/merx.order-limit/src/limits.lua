local limits = {}

-- 0 means that there is no limit.
local function passes(limit, count)
  return limit > 0 and count > limit
end

-- Guard: no more than so many pieces in a cart, and of one product in all its variants.
function limits.pieces(input, cfg)
  if passes(cfg.most_in_cart, input.item_count) then return { message = { "too_many", most = cfg.most_in_cart } } end
  local of_product = {}
  for _, line in ipairs(input.lines) do
    local count = (of_product[line.product_id] or 0) + line.quantity
    of_product[line.product_id] = count
    if passes(cfg.most_of_product, count) then
      return { message = { "too_many_of", most = cfg.most_of_product, title = line.title } }
    end
  end
end

return limits
