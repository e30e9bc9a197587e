---@meta
--- Made by `merx plugin reference` of the contracts of the extension points: change it there.

---@class merx.in.code
---@field code string what the shopper typed

---@class merx.in.customer
---@field group string? handle
---@field id integer?
---@field is_tax_exempt boolean?
---@field tax_number string?

---@class merx.in.delivery
---@field amount integer?
---@field id string?
---@field is_pickup boolean?

---@class merx.in.destination
---@field city string?
---@field country string
---@field postal_code string?
---@field province string?

---@class merx.in.fee
---@field amount integer
---@field id string
---@field target string

---@class merx.in.home
---@field country string

---@class merx.in.offer
---@field amount integer a price beside the list price that holds now
---@field ends_at integer? UTC milliseconds
---@field min_quantity integer
---@field pieces integer
---@field starts_at integer? UTC milliseconds

---@class merx.in.option
---@field name string
---@field value string

---@class merx.in.line
---@field brand string?
---@field categories string[] handles
---@field compare integer? price before a reduction
---@field cost_amount integer?
---@field discount integer taken off so far
---@field handle string
---@field id string the same for the life of the line
---@field is_downloadable boolean
---@field is_gift_card boolean
---@field kind string
---@field list integer list price of `list_pieces` pieces
---@field list_pieces integer
---@field offers merx.in.offer[]
---@field options merx.in.option[]
---@field product_id integer
---@field properties table<string, any> what the shopper typed
---@field qty integer
---@field ships boolean
---@field sku string?
---@field tags string[] handles
---@field tax_class string
---@field taxable boolean
---@field title string
---@field type string?
---@field unit integer price of `unit_pieces` pieces so far
---@field unit_pieces integer
---@field variant_id integer
---@field weight integer grams of a piece
---@field worth integer unit × qty

---@class merx.in.method
---@field id string

---@class merx.in.cart_validator
---@field attributes table<string, any> of the cart
---@field channel string handle
---@field codes merx.in.code[]
---@field currency string
---@field customer merx.in.customer
---@field delivery merx.in.delivery
---@field delivery_choice string?
---@field destination merx.in.destination
---@field due integer total less tenders so far
---@field fees merx.in.fee[]
---@field has_address boolean
---@field home merx.in.home
---@field is_tax_included boolean
---@field item_count integer pieces
---@field lines merx.in.line[]
---@field list integer list prices of the goods
---@field locale string
---@field methods merx.in.method[]
---@field needs_delivery boolean
---@field now integer UTC milliseconds; a handler that asks for it is asked anew each time
---@field payment_choice string?
---@field subtotal integer goods less discounts so far
---@field tax integer
---@field total integer
---@field total_weight integer grams of what ships

---@class merx.op.block
---@field op "block"
---@field line? string id of the line that is in the way (the id of a line of the draft)
---@field message string|table what the shopper reads (a key of the plugin's messages, or { key, name = value })
---@field reason? string|table why, for the shopper: a key of the plugin's messages, or { key, name = value }

---@class merx.op.hold
---@field op "hold"
---@field account { kind: string, owner_id?: integer, key?: string } { kind, owner_id?, key? } (an account that can be held and taken from)
---@field quantity integer how many (1 to 10^9)
---@field reason? string|table why, for the shopper: a key of the plugin's messages, or { key, name = value }

--- Keeps a cart from being ordered.
---@alias merx.fn.cart_validator fun(input: merx.in.cart_validator, settings: table<string, any>): (merx.op.block|merx.op.hold)[]

--- A command of the plugin's own, run in the writer: its tables, its accounts, its events; no I/O, no waiting. Answers a table, or nil and { code, message }.
---@alias merx.fn.command fun(input: table, settings: table<string, any>, context: { now: integer, actor: string }): any

---@class merx.in.delivery_method
---@field attributes table<string, any> of the cart
---@field channel string handle
---@field codes merx.in.code[]
---@field currency string
---@field customer merx.in.customer
---@field delivery_choice string?
---@field destination merx.in.destination
---@field has_address boolean
---@field home merx.in.home
---@field is_tax_included boolean
---@field item_count integer pieces
---@field lines merx.in.line[]
---@field list integer list prices of the goods
---@field locale string
---@field needs_delivery boolean
---@field now integer UTC milliseconds; a handler that asks for it is asked anew each time
---@field payment_choice string?
---@field subtotal integer goods less discounts so far
---@field total_weight integer grams of what ships

---@class merx.op.rate
---@field op "rate"
---@field amount integer minor units (0 to 10^15)
---@field description? string|table a sentence (a key of the plugin's messages, or { key, name = value })
---@field id string the same each time (1 to 200 bytes)
---@field is_pickup? boolean the shopper comes for it
---@field max_days? integer to (0 to 10^15)
---@field min_days? integer from (0 to 10^15)
---@field reason? string|table why, for the shopper: a key of the plugin's messages, or { key, name = value }
---@field title? string|table what it is called (a key of the plugin's messages, or { key, name = value })

--- Offers ways to deliver.
---@alias merx.fn.delivery_method fun(input: merx.in.delivery_method, settings: table<string, any>): merx.op.rate[]

---@class merx.in.event
---@field at integer UTC milliseconds
---@field body table<string, any> what the event tells
---@field event string name of the event
---@field key string what it is about, as order:17
---@field seq integer number of the fact, which a second delivery has too

--- Hears a fact after its commit, at least once, in order for each key. Answers nothing.
---@alias merx.fn.event fun(input: merx.in.event, settings: table<string, any>): any

---@class merx.in.fee_rule
---@field attributes table<string, any> of the cart
---@field channel string handle
---@field codes merx.in.code[]
---@field currency string
---@field customer merx.in.customer
---@field delivery merx.in.delivery
---@field delivery_choice string?
---@field destination merx.in.destination
---@field has_address boolean
---@field home merx.in.home
---@field is_tax_included boolean
---@field item_count integer pieces
---@field lines merx.in.line[]
---@field list integer list prices of the goods
---@field locale string
---@field needs_delivery boolean
---@field now integer UTC milliseconds; a handler that asks for it is asked anew each time
---@field payment_choice string?
---@field subtotal integer goods less discounts so far
---@field total_weight integer grams of what ships

---@class merx.op.fee
---@field op "fee"
---@field amount integer minor units (0 to 10^15)
---@field id string the same each time (1 to 200 bytes)
---@field reason? string|table why, for the shopper: a key of the plugin's messages, or { key, name = value }
---@field title? string|table what it is called (a key of the plugin's messages, or { key, name = value })

--- Adds a fee.
---@alias merx.fn.fee_rule fun(input: merx.in.fee_rule, settings: table<string, any>): merx.op.fee[]

---@class merx.in.guard_cart_change
---@field cart_id integer
---@field currency string
---@field customer_id integer?
---@field item_count integer pieces of all lines
---@field lines table[] { variant_id, product_id, sku, handle, title, quantity }

--- Says no to a command before its writes are final. Answers nil, or { message = "key of the plugin's messages" }.
---@alias merx.fn.guard fun(input: merx.in.guard_cart_change, settings: table<string, any>, context: { now: integer, actor: string }): any

---@class merx.in.job
---@field args table<string, any> empty for a schedule
---@field now integer UTC milliseconds

--- Runs on a schedule. Answers nothing.
---@alias merx.fn.job fun(input: merx.in.job, settings: table<string, any>): any

---@alias merx.in.payment_filter merx.in.cart_validator

---@class merx.op.remove
---@field op "remove"
---@field method string id of the method (1 to 200 bytes)
---@field reason? string|table why, for the shopper: a key of the plugin's messages, or { key, name = value }

--- Takes ways to pay from the offer.
---@alias merx.fn.payment_filter fun(input: merx.in.payment_filter, settings: table<string, any>): merx.op.remove[]

---@alias merx.in.payment_method merx.in.fee_rule

---@class merx.op.offer
---@field op "offer"
---@field description? string|table a sentence (a key of the plugin's messages, or { key, name = value })
---@field fee? integer minor units (0 to 10^15)
---@field flow? string "offline" or "redirect" (1 to 200 bytes)
---@field hold_minutes? integer how long stock is held (1 to 10^9)
---@field reason? string|table why, for the shopper: a key of the plugin's messages, or { key, name = value }
---@field title? string|table what it is called (a key of the plugin's messages, or { key, name = value })

--- Offers a way to pay.
---@alias merx.fn.payment_method fun(input: merx.in.payment_method, settings: table<string, any>): merx.op.offer[]

---@class merx.in.payment_method_authorize_request
---@field amount integer minor units of this operation
---@field attempt integer 1 for the first
---@field cancel_url string where a shopper goes who does not pay
---@field currency string
---@field email string
---@field is_test boolean
---@field key string the provider's idempotency key; every try has the same
---@field locale string
---@field order string number of the order
---@field payment_id string our reference, which the provider must give back
---@field ref string the provider's id of the payment, or ""
---@field return_url string where the shopper comes back
---@field total integer minor units of the payment
---@field webhook_url string where the provider tells news

---@class merx.in.payment_method_authorize_answer_event
---@field amount? integer minor units; 0 to 1000000000000000
---@field charge? string the provider's id of the whole payment; `ref` when absent; 1 to 200 characters
---@field currency? string three letters
---@field deadline_at? integer of a dispute; at least 0
---@field error? string the provider's own words, for staff; at most 1000 characters
---@field fee? integer of a dispute; at least 0
---@field key? string of the operation that asked for it, when the provider tells it back; at most 100 characters
---@field reason? "declined"|"funds"|"expired"|"cancelled"|"error" why it failed
---@field redirect? string where the shopper pays; at most 2000 characters
---@field ref? string the provider's id of this capture, refund or dispute; without one `amount` is the total so far; 1 to 200 characters
---@field result "requires_action"|"authorized"|"captured"|"failed"|"voided"|"refunded"|"refund_failed"|"disputed"|"pending"
---@field state? "opened"|"won"|"lost" of a dispute

---@class merx.in.payment_method_authorize_answer
---@field amount? integer minor units; 0 to 1000000000000000
---@field charge? string the provider's id of the whole payment; `ref` when absent; 1 to 200 characters
---@field currency? string three letters
---@field deadline_at? integer of a dispute; at least 0
---@field error? string the provider's own words, for staff; at most 1000 characters
---@field events? merx.in.payment_method_authorize_answer_event[] captures, refunds and disputes, each by its id, when it was asked how things stand; at most 100 entries
---@field fee? integer of a dispute; at least 0
---@field key? string of the operation that asked for it, when the provider tells it back; at most 100 characters
---@field reason? "declined"|"funds"|"expired"|"cancelled"|"error" why it failed
---@field redirect? string where the shopper pays; at most 2000 characters
---@field ref? string the provider's id of this capture, refund or dispute; without one `amount` is the total so far; 1 to 200 characters
---@field result "requires_action"|"authorized"|"captured"|"failed"|"voided"|"refunded"|"refund_failed"|"disputed"|"pending"|"missing"|"retry"
---@field state? "opened"|"won"|"lost" of a dispute

--- Asks the provider to promise or take the money; requires_action with a redirect sends the shopper there.
---@alias merx.fn.payment_method.authorize fun(request: merx.in.payment_method_authorize_request): merx.in.payment_method_authorize_answer?, string?

--- Takes what was promised.
---@alias merx.fn.payment_method.capture fun(request: merx.in.payment_method_authorize_request): merx.in.payment_method_authorize_answer?, string?

--- Asks how things stand: after answers that never came, and a quarter of an hour after news that ended nothing.
---@alias merx.fn.payment_method.fetch fun(request: merx.in.payment_method_authorize_request): merx.in.payment_method_authorize_answer?, string?

--- Gives money back.
---@alias merx.fn.payment_method.refund fun(request: merx.in.payment_method_authorize_request): merx.in.payment_method_authorize_answer?, string?

--- Gives up what was promised.
---@alias merx.fn.payment_method.void fun(request: merx.in.payment_method_authorize_request): merx.in.payment_method_authorize_answer?, string?

---@class merx.in.payment_method_webhook_request
---@field body string
---@field headers table<string, any> those that `webhook_headers` names, and content-type; in lower case
---@field method string
---@field query string

---@class merx.in.payment_method_webhook_answer_event
---@field amount? integer minor units; 0 to 1000000000000000
---@field charge? string the provider's id of the whole payment; `ref` when absent; 1 to 200 characters
---@field currency? string three letters
---@field deadline_at? integer of a dispute; at least 0
---@field error? string the provider's own words, for staff; at most 1000 characters
---@field fee? integer of a dispute; at least 0
---@field id string the provider's id of the event: it is applied once; 1 to 200 characters
---@field key? string of the operation that asked for it, when the provider tells it back; at most 100 characters
---@field payment_id string our reference; 1 to 100 characters
---@field reason? "declined"|"funds"|"expired"|"cancelled"|"error" why it failed
---@field redirect? string where the shopper pays; at most 2000 characters
---@field ref? string the provider's id of this capture, refund or dispute; without one `amount` is the total so far; 1 to 200 characters
---@field result "requires_action"|"authorized"|"captured"|"failed"|"voided"|"refunded"|"refund_failed"|"disputed"|"pending"
---@field state? "opened"|"won"|"lost" of a dispute

---@class merx.in.payment_method_webhook_answer
---@field events? merx.in.payment_method_webhook_answer_event[] what it tells; at most 100 entries
---@field reply? { body?: string, content_type?: string, status?: integer } how the provider is answered

--- Reads what the provider sent, or answers nil and why it is forged. It is stored before it is acknowledged.
---@alias merx.fn.payment_method.webhook fun(request: merx.in.payment_method_webhook_request, context: { now: integer }): merx.in.payment_method_webhook_answer?, string?

---@class merx.in.price_rule
---@field attributes table<string, any> of the cart
---@field channel string handle
---@field codes merx.in.code[]
---@field currency string
---@field customer merx.in.customer
---@field delivery_choice string?
---@field destination merx.in.destination
---@field has_address boolean
---@field home merx.in.home
---@field is_tax_included boolean
---@field item_count integer pieces
---@field lines merx.in.line[]
---@field list integer list prices of the goods
---@field locale string
---@field now integer UTC milliseconds; a handler that asks for it is asked anew each time
---@field payment_choice string?
---@field subtotal integer goods less discounts so far
---@field total_weight integer grams of what ships

---@class merx.op.set_unit
---@field op "set_unit"
---@field amount integer minor units for `pieces` pieces (0 to 10^15)
---@field line string id of the line (the id of a line of the draft)
---@field pieces? integer 1 when absent (1 to 10^9)
---@field reason? string|table why, for the shopper: a key of the plugin's messages, or { key, name = value }

--- Sets the price of a piece.
---@alias merx.fn.price_rule fun(input: merx.in.price_rule, settings: table<string, any>): merx.op.set_unit[]

---@alias merx.in.promotion_action merx.in.fee_rule

---@class merx.op.gift
---@field op "gift"
---@field quantity? integer 1 when absent (1 to 10^9)
---@field reason? string|table why, for the shopper: a key of the plugin's messages, or { key, name = value }
---@field variant integer id of the variant (0 to 10^15)

---@class merx.op.off_delivery
---@field op "off_delivery"
---@field amount? integer minor units (0 to 10^15)
---@field ppm? integer 1,000,000 is free (parts per million, 0 to 10^6)
---@field reason? string|table why, for the shopper: a key of the plugin's messages, or { key, name = value }

---@class merx.op.off_line
---@field op "off_line"
---@field amount? integer minor units (0 to 10^15)
---@field line string id of the line (the id of a line of the draft)
---@field ppm? integer 100,000 is 10 % (parts per million, 0 to 10^6)
---@field quantity? integer of how many pieces; all when absent (1 to 10^9)
---@field reason? string|table why, for the shopper: a key of the plugin's messages, or { key, name = value }

---@class merx.op.off_order
---@field op "off_order"
---@field amount? integer minor units (0 to 10^15)
---@field lines? string[] ids; all when absent (ids of lines of the draft)
---@field ppm? integer 100,000 is 10 % (parts per million, 0 to 10^6)
---@field reason? string|table why, for the shopper: a key of the plugin's messages, or { key, name = value }

--- Says what a promotion of the merchant takes off.
---@alias merx.fn.promotion_action fun(input: merx.in.promotion_action, settings: table<string, any>): (merx.op.gift|merx.op.hold|merx.op.off_delivery|merx.op.off_line|merx.op.off_order)[]

---@alias merx.in.promotion_condition merx.in.fee_rule

--- Says whether a promotion of the merchant applies. Answers true or false.
---@alias merx.fn.promotion_condition fun(input: merx.in.promotion_condition, settings: table<string, any>): any

---@class merx.in.route
---@field channel string handle
---@field currency string
---@field form table<string, any>? fields of a POST
---@field locale string
---@field method string
---@field now integer UTC milliseconds
---@field params table<string, any> what stands in the address, by name
---@field path string
---@field query table<string, any>
---@field result table<string, any>? { ok } or { err } of the command

--- Answers at an address of the plugin's own, below /apps/PLUGIN. Answers one of { json }, { text }, { redirect }, { title, markdown }, { title, html }; with status and robots.
---@alias merx.fn.route fun(input: merx.in.route, settings: table<string, any>): any

---@class merx.in.section
---@field locale string
---@field settings table<string, any> what the theme says for this section

--- Says what a section of a page shows: settings and ids of products, which the page makes cards of. Answers a table for the section's template; `products` = { sort, limit, is_on_sale } becomes cards.
---@alias merx.fn.section fun(input: merx.in.section, settings: table<string, any>): any

--- A pure function for other plugins, which name it under capabilities.services. Answers anything.
---@alias merx.fn.service fun(input: table, settings: table<string, any>): any

---@class merx.in.tax_provider
---@field attributes table<string, any> of the cart
---@field channel string handle
---@field codes merx.in.code[]
---@field currency string
---@field customer merx.in.customer
---@field delivery merx.in.delivery
---@field delivery_choice string?
---@field destination merx.in.destination
---@field fees merx.in.fee[]
---@field has_address boolean
---@field home merx.in.home
---@field is_tax_included boolean
---@field item_count integer pieces
---@field lines merx.in.line[]
---@field list integer list prices of the goods
---@field locale string
---@field needs_delivery boolean
---@field now integer UTC milliseconds; a handler that asks for it is asked anew each time
---@field payment_choice string?
---@field subtotal integer goods less discounts so far
---@field total_weight integer grams of what ships

---@class merx.op.tax
---@field op "tax"
---@field amount? integer when an outside service knows it (0 to 10^15)
---@field home_ppm? integer included at home (parts per million, 0 to 10^7)
---@field included? boolean in the price; as the price list says when absent
---@field jurisdiction? string who levies it (1 to 200 bytes)
---@field ppm integer 200,000 is 20 % (parts per million, 0 to 10^7)
---@field rate string id of the rate (1 to 200 bytes)
---@field reason? string|table why, for the shopper: a key of the plugin's messages, or { key, name = value }
---@field target string id of a line, "delivery", or target of a fee (the id of a line, "delivery", or the target of a fee)
---@field title? string|table what it is called (a key of the plugin's messages, or { key, name = value })

--- Names the taxes of lines, delivery and fees. A shop asks one alone: `merx plugin bind tax_provider ID`.
---@alias merx.fn.tax_provider fun(input: merx.in.tax_provider, settings: table<string, any>): merx.op.tax[]

---@alias merx.in.tender_rule merx.in.cart_validator

---@class merx.op.tender
---@field op "tender"
---@field account { kind: string, owner_id?: integer, key?: string } { kind, owner_id?, key? } (an account that can be held and taken from)
---@field amount integer minor units (0 to 10^15)
---@field reason? string|table why, for the shopper: a key of the plugin's messages, or { key, name = value }
---@field title? string|table what it is called (a key of the plugin's messages, or { key, name = value })

--- Pays a part of what is due: a gift card, store credit.
---@alias merx.fn.tender_rule fun(input: merx.in.tender_rule, settings: table<string, any>): (merx.op.hold|merx.op.tender)[]

---@class merx.in.item
---@field available boolean
---@field handle string
---@field id integer id of the product
---@field kind string
---@field list_price integer minor units
---@field price integer minor units
---@field title string
---@field variant_id integer the variant that a click adds
---@field vendor string?

---@class merx.in.view_patch
---@field items merx.in.item[]
---@field locale string
---@field view string

--- Adds to what a page shows, at the paths that it declares. Answers a list of { id, badges = { "key of a message" }, ext = { name = value } }.
---@alias merx.fn.view_patch fun(input: merx.in.view_patch, settings: table<string, any>): any
