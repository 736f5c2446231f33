/*
 * A clock that is wrong by as many seconds as the first eight bytes of a file say, whose name is in KTM_PROOF_CLOCK. Only the time of day
 * is wrong, as when an administrator sets it: what measures intervals is right.
 * Build: cc -O2 -shared -fPIC clock.c -o clock.so
 * Start: LD_PRELOAD=clock.so KTM_PROOF_CLOCK=file program
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static volatile int64_t *wrong;
static int (*right)(clockid_t, struct timespec *);

__attribute__((constructor)) static void begin(void) {
    right = (int (*)(clockid_t, struct timespec *)) dlsym(RTLD_NEXT, "clock_gettime");
    const char *name = getenv("KTM_PROOF_CLOCK");
    int file = name ? open(name, O_RDONLY | O_CLOEXEC) : -1;
    if (file >= 0) {
        void *mapped = mmap(NULL, sizeof *wrong, PROT_READ, MAP_SHARED, file, 0);
        close(file);
        wrong = mapped == MAP_FAILED ? NULL : (volatile int64_t *) mapped;
    }
}

int clock_gettime(clockid_t clock, struct timespec *time) {
    if (!right) {
        begin();
    }
    int result = right(clock, time);
    if (result == 0 && wrong && clock == CLOCK_REALTIME) {
        time->tv_sec += *wrong;
    }
    return result;
}

int gettimeofday(struct timeval *restrict time, void *restrict zone) {
    (void) zone;
    struct timespec now;
    int result = clock_gettime(CLOCK_REALTIME, &now);
    if (result == 0) {
        time->tv_sec = now.tv_sec;
        time->tv_usec = now.tv_nsec / 1000;
    }
    return result;
}
