// A chunk is never changed or taken out, so it is read without the lock.
#include "script/chunks.h"

#include <pthread.h>
#include <string.h>

#include <lauxlib.h>

#include "platform/alloc.h"
#include "platform/buf.h"

enum { BUCKETS = 256 };

struct chunk {
    struct chunk *next;
    struct mx_slice key; // behind the struct
    mx_buf code;
};

struct mx_chunks {
    pthread_mutex_t lock;
    struct chunk *buckets[BUCKETS];
};

mx_chunks *mx_chunks_create(void) {
    mx_chunks *chunks = mx_alloc(sizeof(*chunks));
    pthread_mutex_init(&chunks->lock, NULL);
    return chunks;
}

static void chunk_destroy(struct chunk *chunk) {
    mx_buf_deinit(&chunk->code);
    mx_free(chunk);
}

void mx_chunks_destroy(mx_chunks *chunks) {
    if (!chunks) {
        return;
    }
    for (size_t i = 0; i < BUCKETS; i++) {
        while (chunks->buckets[i]) {
            struct chunk *chunk = chunks->buckets[i];
            chunks->buckets[i] = chunk->next;
            chunk_destroy(chunk);
        }
    }
    pthread_mutex_destroy(&chunks->lock);
    mx_free(chunks);
}

static struct chunk **bucket_of(mx_chunks *chunks, struct mx_slice key) {
    return &chunks->buckets[mx_slice_hash(key) % BUCKETS];
}

static struct chunk *find(struct chunk *chunk, struct mx_slice key) {
    while (chunk && !mx_slice_equal(chunk->key, key)) {
        chunk = chunk->next;
    }
    return chunk;
}

static const struct chunk *get(mx_chunks *chunks, struct mx_slice key) {
    pthread_mutex_lock(&chunks->lock);
    const struct chunk *chunk = find(*bucket_of(chunks, key), key);
    pthread_mutex_unlock(&chunks->lock);
    return chunk;
}

bool mx_chunks_has(mx_chunks *chunks, struct mx_slice key) {
    return get(chunks, key) != NULL;
}

bool mx_chunks_load(mx_chunks *chunks, lua_State *L, struct mx_slice key) {
    const struct chunk *chunk = chunks ? get(chunks, key) : NULL;
    if (!chunk) {
        return false;
    }
    struct mx_slice code = mx_buf_slice(&chunk->code);
    if (luaL_loadbufferx(L, code.ptr, code.len, "=chunk", "b") != LUA_OK) {
        lua_pop(L, 1);
        return false; // compiling it will say why
    }
    return true;
}

static int on_piece_dumped(lua_State *L, const void *bytes, size_t len, void *ctx) {
    (void)L;
    mx_buf_append(ctx, bytes, len);
    return 0;
}

static struct chunk *make(lua_State *L, struct mx_slice key) {
    struct chunk *chunk = mx_alloc(sizeof(*chunk) + key.len);
    memcpy(chunk + 1, key.ptr, key.len);
    chunk->key = (struct mx_slice){(const char *)(chunk + 1), key.len};
    lua_dump(L, on_piece_dumped, &chunk->code, 0); // with lines and names, for traces
    return chunk;
}

void mx_chunks_keep(mx_chunks *chunks, lua_State *L, struct mx_slice key) {
    if (!chunks) {
        return;
    }
    struct chunk *made = make(L, key);
    pthread_mutex_lock(&chunks->lock);
    struct chunk **bucket = bucket_of(chunks, key);
    if (!find(*bucket, key)) {
        made->next = *bucket;
        *bucket = made;
        made = NULL; // handed over
    }
    pthread_mutex_unlock(&chunks->lock);
    if (made) {
        chunk_destroy(made); // another thread was quicker
    }
}
