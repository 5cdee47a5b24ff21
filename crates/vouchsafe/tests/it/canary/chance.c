/* Lets the machine's source of randomness fail once for each file that is put where VOUCHSAFE_TEST_TRIP says: the only
 * way to a panic in the switch that needs no bug in it. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

ssize_t getrandom(void *bytes, size_t count, unsigned int flags) {
    const char *trip = getenv("VOUCHSAFE_TEST_TRIP");
    if (trip && count && unlink(trip) == 0) {
        errno = EIO;
        return -1;
    }
    return syscall(SYS_getrandom, bytes, count, flags);
}
