/* What a power cut would leave: after each flush of a file of the store, its content is kept beside it as FILE.synced.
 *
 * Loaded into the switch by the crash tests (LD_PRELOAD); see binary.rs. The copy is made before the caller learns that
 * the flush is done, and given its name in one step, so that a kill at any moment leaves the older or the newer one.
 * Bytes that another thread writes meanwhile may be in it: a disk may keep those, too. With VOUCHSAFE_TEST_LIES set it
 * says that it has flushed and has not: what that costs must be found. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;

/* Copies the file of a descriptor, if it is one of the store's. */
static void keep(int file) {
    char link[64], path[4096], beside[4200], name[4200], block[65536];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length <= 0) return;
    path[length] = 0;
    const char *base = strrchr(path, '/');
    if (!base || (strcmp(base, "/store.db") && strcmp(base, "/store.db-wal"))) return;
    snprintf(beside, sizeof beside, "%s.new", path);
    snprintf(name, sizeof name, "%s.synced", path);
    pthread_mutex_lock(&one_at_a_time);
    /* Read through the descriptor at hand: closing another one of the same file would give up the engine's locks. */
    int to = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    ssize_t got = -1;
    for (off_t at = 0; to >= 0 && (got = pread(file, block, sizeof block, at)) > 0; at += got) {
        if (write(to, block, (size_t)got) != got) {
            got = -1;
            break;
        }
    }
    if (to >= 0) close(to);
    if (got == 0) rename(beside, name);
    pthread_mutex_unlock(&one_at_a_time);
}

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
