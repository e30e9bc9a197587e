// A disk that fails when told: a layer above SQLite's own file system that makes the n-th write,
// sync or truncation fail, once or from then on. Header only: tests link no more rooms for it.
//
// Register before the first open and unregister after the last close.
#pragma once

#include <stdatomic.h>
#include <string.h>

#include <sqlite3.h>

enum fault_op { FAULT_WRITE = 1, FAULT_SYNC = 2, FAULT_TRUNCATE = 4, FAULT_ANY = 7 };

// What the disk does. Counting starts at fault_arm().
struct fault_plan {
    atomic_int ops;      // the kinds that count
    atomic_int left;     // calls until the failure; 0: none
    atomic_int for_good; // fail ever after, too
    atomic_int code;     // SQLITE_IOERR_WRITE, SQLITE_FULL ...
    atomic_int seen;     // calls counted since armed
    atomic_int failed;   // failures given out since armed
};

static struct fault_plan fault_plan;
static sqlite3_vfs *fault_real;

struct fault_file {
    sqlite3_file base;
    sqlite3_file *real; // behind this struct
};

static inline void fault_arm(int ops, int nth, int code, int for_good) {
    fault_plan.ops = ops;
    fault_plan.left = nth;
    fault_plan.code = code;
    fault_plan.for_good = for_good;
    fault_plan.seen = 0;
    fault_plan.failed = 0;
}

static inline void fault_disarm(void) {
    fault_plan.left = 0;
    fault_plan.for_good = 0;
}

static int fault_result(enum fault_op op) {
    if (!(fault_plan.ops & (int)op)) {
        return SQLITE_OK;
    }
    atomic_fetch_add(&fault_plan.seen, 1);
    if (fault_plan.left == 0) {
        return SQLITE_OK;
    }
    if (fault_plan.left > 1) {
        atomic_fetch_sub(&fault_plan.left, 1);
        return SQLITE_OK;
    }
    if (!fault_plan.for_good) {
        fault_plan.left = 0;
    }
    atomic_fetch_add(&fault_plan.failed, 1);
    return fault_plan.code;
}

static sqlite3_file *fault_below(sqlite3_file *file) {
    return ((struct fault_file *)file)->real;
}

static int fault_close(sqlite3_file *file) {
    return fault_below(file)->pMethods->xClose(fault_below(file));
}

static int fault_read(sqlite3_file *file, void *out, int size, sqlite3_int64 at) {
    return fault_below(file)->pMethods->xRead(fault_below(file), out, size, at);
}

static int fault_write(sqlite3_file *file, const void *data, int size, sqlite3_int64 at) {
    int code = fault_result(FAULT_WRITE);
    return code != SQLITE_OK
               ? code
               : fault_below(file)->pMethods->xWrite(fault_below(file), data, size, at);
}

static int fault_truncate(sqlite3_file *file, sqlite3_int64 size) {
    int code = fault_result(FAULT_TRUNCATE);
    return code != SQLITE_OK ? code
                             : fault_below(file)->pMethods->xTruncate(fault_below(file), size);
}

static int fault_sync(sqlite3_file *file, int flags) {
    int code = fault_result(FAULT_SYNC);
    return code != SQLITE_OK ? code : fault_below(file)->pMethods->xSync(fault_below(file), flags);
}

static int fault_size(sqlite3_file *file, sqlite3_int64 *out) {
    return fault_below(file)->pMethods->xFileSize(fault_below(file), out);
}

static int fault_lock(sqlite3_file *file, int level) {
    return fault_below(file)->pMethods->xLock(fault_below(file), level);
}

static int fault_unlock(sqlite3_file *file, int level) {
    return fault_below(file)->pMethods->xUnlock(fault_below(file), level);
}

static int fault_check_lock(sqlite3_file *file, int *out) {
    return fault_below(file)->pMethods->xCheckReservedLock(fault_below(file), out);
}

static int fault_control(sqlite3_file *file, int op, void *arg) {
    return fault_below(file)->pMethods->xFileControl(fault_below(file), op, arg);
}

static int fault_sector_size(sqlite3_file *file) {
    return fault_below(file)->pMethods->xSectorSize(fault_below(file));
}

static int fault_traits(sqlite3_file *file) {
    return fault_below(file)->pMethods->xDeviceCharacteristics(fault_below(file));
}

static int fault_shm_map(sqlite3_file *file, int page, int size, int extend, void volatile **out) {
    return fault_below(file)->pMethods->xShmMap(fault_below(file), page, size, extend, out);
}

static int fault_shm_lock(sqlite3_file *file, int offset, int count, int flags) {
    return fault_below(file)->pMethods->xShmLock(fault_below(file), offset, count, flags);
}

static void fault_shm_barrier(sqlite3_file *file) {
    fault_below(file)->pMethods->xShmBarrier(fault_below(file));
}

static int fault_shm_unmap(sqlite3_file *file, int remove) {
    return fault_below(file)->pMethods->xShmUnmap(fault_below(file), remove);
}

static const sqlite3_io_methods fault_methods = {
    .iVersion = 2, // no memory mapping: every byte passes here
    .xClose = fault_close,
    .xRead = fault_read,
    .xWrite = fault_write,
    .xTruncate = fault_truncate,
    .xSync = fault_sync,
    .xFileSize = fault_size,
    .xLock = fault_lock,
    .xUnlock = fault_unlock,
    .xCheckReservedLock = fault_check_lock,
    .xFileControl = fault_control,
    .xSectorSize = fault_sector_size,
    .xDeviceCharacteristics = fault_traits,
    .xShmMap = fault_shm_map,
    .xShmLock = fault_shm_lock,
    .xShmBarrier = fault_shm_barrier,
    .xShmUnmap = fault_shm_unmap,
};

static int fault_open(
    sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out_flags) {
    (void)vfs;
    struct fault_file *outer = (struct fault_file *)file;
    outer->real = (sqlite3_file *)(outer + 1);
    outer->base.pMethods = NULL;
    int code = fault_real->xOpen(fault_real, name, outer->real, flags, out_flags);
    if (code == SQLITE_OK) {
        outer->base.pMethods = &fault_methods;
    }
    return code;
}

static sqlite3_vfs fault_vfs; // a copy of the real one, but for opening

static inline void fault_register(void) {
    fault_real = sqlite3_vfs_find(NULL);
    fault_vfs = *fault_real;
    fault_vfs.pNext = NULL;
    fault_vfs.zName = "fault";
    fault_vfs.szOsFile = (int)sizeof(struct fault_file) + fault_real->szOsFile;
    fault_vfs.xOpen = fault_open;
    sqlite3_vfs_register(&fault_vfs, 1);
    fault_disarm();
}

static inline void fault_unregister(void) {
    sqlite3_vfs_unregister(&fault_vfs);
    sqlite3_vfs_register(fault_real, 1);
}
