--- Pictures as templates see them.
local image = {}

---@param row { path: string, width: integer, height: integer, alt: string }?
---@param base_url? string
---@return table?
function image.of(row, base_url)
  if not row or not row.path or row.path == "" then return nil end
  local url = row.path:find("^https?://") and row.path or "/media/" .. row.path
  return {
    url = url, src = url, alt = row.alt or "", width = row.width and row.width > 0 and row.width or 800,
    height = row.height and row.height > 0 and row.height or 1000, absolute_url = (base_url or "") .. url,
  }
end

return image
