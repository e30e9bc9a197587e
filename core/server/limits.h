// Every limit of the server, in one table. What may be changed is an option (options.c)
// whose default stands here.
#pragma once

enum {
    // --- one request ---
    MX_LIMIT_HEAD_BYTES = 16 * 1024,          // request line and fields: 431
    MX_LIMIT_TARGET_BYTES = 8 * 1024,         // 414
    MX_LIMIT_HEAD_FIELDS = 100,               // 431
    MX_LIMIT_BODY_BYTES = 1024 * 1024,        // kept in memory: 413
    MX_LIMIT_UPLOAD_BYTES = 64 * 1024 * 1024, // multipart on upload paths: 413
    MX_LIMIT_FORM_FIELDS = 1000,
    MX_LIMIT_FORM_NAME_BYTES = 256,
    MX_LIMIT_FORM_VALUE_BYTES = 256 * 1024,
    MX_LIMIT_FORM_FILES = 32,
    MX_LIMIT_REQUEST_ID_BYTES = 64, // of a trusted proxy
    MX_LIMIT_COOKIES_SET = 16,      // Set-Cookie fields of one reply
    MX_LIMIT_REPLY_FIELDS = 64,

    // --- patience, in milliseconds ---
    MX_LIMIT_HEAD_MS = 10 * 1000,    // from the first byte to the end of the head: 408
    MX_LIMIT_BODY_MS = 10 * 1000,    // grace; then at least 1,000 bytes a second: 408
    MX_LIMIT_IDLE_MS = 30 * 1000,    // between two requests
    MX_LIMIT_HANDLER_MS = 60 * 1000, // a task that waits: 504
    MX_LIMIT_SEND_MS = 20 * 1000,    // grace for slow readers; then 1,000 bytes a second
    MX_LIMIT_NEWCOMER_MS = 1000, // during a drain, for a connection that has not said anything yet
    MX_LIMIT_DRAIN_MS = 25 * 1000, // from SIGTERM to the end

    // --- one process ---
    MX_LIMIT_CONNECTIONS = 8192,         // all workers together: 503
    MX_LIMIT_PIPELINE_BYTES = 64 * 1024, // read ahead while a request is at work
    MX_LIMIT_WORKERS = 64,
    MX_LIMIT_COMMANDS_WAITING = 4096,        // in the writer's queue: 503
    MX_LIMIT_OUTGOING = 256,                 // requests to other servers and mails, at a time
    MX_LIMIT_OUTGOING_WAITING = 1024,        // for their turn
    MX_LIMIT_CACHE_BYTES = 64 * 1024 * 1024, // pages and fragments
    MX_LIMIT_CACHE_ENTRY_BYTES = 2 * 1024 * 1024,
    MX_LIMIT_CACHE_FILES = 256, // of its forms also in a file, to be sent without a copy
    MX_LIMIT_CACHE_DEPS = 4096, // tags of one entry; more is not stored
    MX_LIMIT_ASSET_FILE_BYTES = 512 * 1024, // larger files are read in pieces
    MX_LIMIT_PIECE_BYTES = 256 * 1024,
    MX_LIMIT_CONTROL_BYTES = 16 * 1024 * 1024, // one message on merx.sock
    MX_LIMIT_CONTROL_WORDS = 16,
    MX_LIMIT_ROUTES_MEASURED = 512, // labels of the request histogram; more share one
};
