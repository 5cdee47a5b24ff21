/* What a power cut would leave: after each flush of a file of the store, what was written to it is copied into
 * FILE.synced.
 *
 * Loaded into the switch by the crash tests (LD_PRELOAD); see binary.rs. The copy is made before the caller learns that
 * the flush is done; a kill in the midst leaves a part of it, as a power cut in the midst of a flush may. The first
 * flush of a life copies the whole file, for what earlier lives wrote is flushed with it. Bytes that another thread
 * writes meanwhile may be copied too: a disk may keep those. With VOUCHSAFE_TEST_LIES set it says that it has flushed
 * and has not: what that costs must be found. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The store's two files: what was written to each since its last flush, and whether it was copied in this life. */
static const char *const NAMES[2] = {"/store.db", "/store.db-wal"};
static struct {
    off_t from, to;
    int is_known;
} files[2];
static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;

/* Which of the two a descriptor is, and where it is; or -1. */
static int which(int file, char *path, size_t size) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, size - 1);
    if (length <= 0) return -1;
    path[length] = 0;
    const char *base = strrchr(path, '/');
    for (int at = 0; base && at < 2; at++)
        if (!strcmp(base, NAMES[at])) return at;
    return -1;
}

static void wrote(int file, off_t from, ssize_t length) {
    char path[4096];
    int at = length > 0 ? which(file, path, sizeof path) : -1;
    if (at < 0) return;
    pthread_mutex_lock(&one_at_a_time);
    if (files[at].to == files[at].from || from < files[at].from) files[at].from = from;
    if (from + length > files[at].to) files[at].to = from + length;
    pthread_mutex_unlock(&one_at_a_time);
}

/* Copies through the descriptor at hand: closing another one of the same file would give up the engine's locks. */
static void keep(int file) {
    char path[4096], name[4200], block[65536];
    struct stat is;
    int at = which(file, path, sizeof path);
    if (at < 0) return;
    snprintf(name, sizeof name, "%s.synced", path);
    pthread_mutex_lock(&one_at_a_time);
    int copy = open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (copy < 0 || fstat(file, &is)) abort();
    off_t from = files[at].is_known ? files[at].from : 0, to = files[at].is_known ? files[at].to : is.st_size;
    while (from < to) {
        size_t most = to - from < (off_t)sizeof block ? (size_t)(to - from) : sizeof block;
        ssize_t got = pread(file, block, most, from);
        if (got <= 0) break;
        ssize_t (*real)(int, const void *, size_t, off_t) =
            (ssize_t (*)(int, const void *, size_t, off_t))dlsym(RTLD_NEXT, "pwrite");
        if (real(copy, block, (size_t)got, from) != got) abort();
        from += got;
    }
    if (ftruncate(copy, is.st_size)) abort();
    close(copy);
    files[at].is_known = 1;
    files[at].from = files[at].to = 0;
    pthread_mutex_unlock(&one_at_a_time);
}

ssize_t pwrite(int file, const void *bytes, size_t length, off_t at) {
    ssize_t (*real)(int, const void *, size_t, off_t) =
        (ssize_t (*)(int, const void *, size_t, off_t))dlsym(RTLD_NEXT, "pwrite");
    ssize_t done = real(file, bytes, length, at);
    wrote(file, at, done);
    return done;
}

ssize_t pwrite64(int file, const void *bytes, size_t length, off64_t at) { return pwrite(file, bytes, length, at); }

int fsync(int file) {
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
    if (getenv("VOUCHSAFE_TEST_LIES")) return 0;
    int done = real(file);
    if (done == 0) keep(file);
    return done;
}

int fdatasync(int file) {
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
    if (getenv("VOUCHSAFE_TEST_LIES")) return 0;
    int done = real(file);
    if (done == 0) keep(file);
    return done;
}
