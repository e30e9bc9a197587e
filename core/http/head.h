// What a complete head means: the rules of RFC 9112 and our own about Host, framing and target.
// Inside core/http only.
#pragma once

#include "http/parser.h"

// Fills in all of `request` but the fields, which are there already: `fields` are the same ones.
// The host of an absolute target takes the place of what Host says, so that nobody reads another
// one there. `refusal->status` is 0 when the head keeps the rules.
void mx_head_judge(struct mx_request *request, struct mx_field *fields, mx_arena *arena,
    struct mx_refusal *refusal);
