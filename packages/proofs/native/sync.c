#define _GNU_SOURCE
#include "sync.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static const char *sync_now(int fd) { return fsync(fd) == 0 ? NULL : "sync"; }

#if defined(__linux__)

/* Between two looks at the control. */
#define LOOK_NS 10000000L

/* Of the thread that syncs and the one that waits for it; who leaves last frees it. */
struct syncing {
  pthread_mutex_t mutex;
  pthread_cond_t finished;
  int fd, users, done, error;
};

static void leave(struct syncing *syncing) {
  const int last = --syncing->users == 0;
  pthread_mutex_unlock(&syncing->mutex);
  if (!last) return;
  close(syncing->fd);
  pthread_cond_destroy(&syncing->finished);
  pthread_mutex_destroy(&syncing->mutex);
  free(syncing);
}

static void *sync_main(void *context) {
  struct syncing *syncing = context;
  const int error = fsync(syncing->fd) == 0 ? 0 : errno;
  pthread_mutex_lock(&syncing->mutex);
  syncing->error = error;
  syncing->done = 1;
  pthread_cond_signal(&syncing->finished);
  leave(syncing);
  return NULL;
}

static struct syncing *start_syncing(int fd) {
  struct syncing *syncing = calloc(1, sizeof *syncing);
  pthread_t thread;
  if (syncing == NULL) return NULL;
  syncing->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
  syncing->users = 2;
  pthread_condattr_t clock;
  pthread_condattr_init(&clock);
  pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
  pthread_mutex_init(&syncing->mutex, NULL);
  pthread_cond_init(&syncing->finished, &clock);
  pthread_condattr_destroy(&clock);
  if (syncing->fd >= 0 && pthread_create(&thread, NULL, sync_main, syncing) == 0) {
    pthread_detach(thread);
    return syncing;
  }
  syncing->users = 1;
  pthread_mutex_lock(&syncing->mutex);
  leave(syncing);
  return NULL;
}

const char *sync_file(const struct control *control, int fd) {
  struct syncing *syncing = start_syncing(fd);
  if (syncing == NULL) return sync_now(fd);
  pthread_mutex_lock(&syncing->mutex);
  while (!syncing->done && !control_cancelled(control)) {
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += LOOK_NS;
    until.tv_sec += until.tv_nsec / 1000000000L;
    until.tv_nsec %= 1000000000L;
    pthread_cond_timedwait(&syncing->finished, &syncing->mutex, &until);
  }
  const int done = syncing->done, error = syncing->error;
  leave(syncing);
  errno = error;
  return !done ? WORK_CANCELLED : error == 0 ? NULL : "sync";
}

#else

/* A thread may outlive the library elsewhere, which Linux is told never to unload (build.mjs). */
const char *sync_file(const struct control *control, int fd) {
  return control_cancelled(control) ? WORK_CANCELLED : sync_now(fd);
}

#endif
