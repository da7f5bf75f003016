/* Adds HERO_FLUSH_MS to each flush of a file, as a disk that tells the truth would: cc -shared -fPIC, then LD_PRELOAD. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>

static void rest(void) {
    const char *said = getenv("HERO_FLUSH_MS");
    long ms = said ? atol(said) : 0;
    struct timespec time = {ms / 1000, ms % 1000 * 1000000L};
    nanosleep(&time, NULL);
}

int fsync(int file) {
    int (*flush)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
    rest();
    return flush(file);
}

int fdatasync(int file) {
    int (*flush)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
    rest();
    return flush(file);
}
