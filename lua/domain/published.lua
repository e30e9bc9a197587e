--- What plugins may read of the shop: the views of sql/migrations/0015_published.sql, by the names that
--- `capabilities.read` uses.
local views = require("kernel.plugins.views")

views.define("pub_products", "products that are not in the bin")
views.define("pub_variants", "their variants")
views.define("pub_product_tags", "tags of products")
views.define("pub_product_categories", "which products lie in which categories")
views.define("pub_categories", "categories")
views.define("pub_stock", "what lies where, and what is held")
views.define("pub_orders", "orders, without who ordered")
views.define("pub_order_lines", "what was ordered")
views.define("pub_personal_customers", "customers with their names and addresses of e-mail", { is_personal = true })
views.define("pub_personal_order_contacts", "who ordered, and the token of the order's page", { is_personal = true })

return views
