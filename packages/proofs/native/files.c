#define _GNU_SOURCE
#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sync.h"

void close_file(int *fd) {
  const int error = errno;
  if (*fd >= 0) close(*fd);
  *fd = -1;
  errno = error;
}

const char *open_input(const char *path, uint64_t length, int *fd) {
  struct stat status;
  *fd = open(path, O_RDONLY | O_CLOEXEC);
  if (*fd < 0) return "open";
  if (fstat(*fd, &status) != 0) return "stat";
  if ((uint64_t)status.st_size == length) return NULL;
  errno = EINVAL;
  return "size of";
}

/*
 * Reserved at once: a disk that is full is found at the start and not after hours. Not by posix_fallocate, which writes to
 * each block where the file system cannot reserve.
 */
static int reserve(int fd, uint64_t length) {
#if defined(__linux__)
  if (fallocate(fd, 0, 0, (off_t)length) == 0) return 0;
  return errno == EOPNOTSUPP || errno == ENOSYS ? ftruncate(fd, (off_t)length) : -1;
#else
  return ftruncate(fd, (off_t)length);
#endif
}

const char *open_output(const char *path, uint64_t length, int *fd) {
  *fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (*fd < 0) return "create";
  if (length > 0 && reserve(*fd, length) != 0) return "reserve space for";
  return ftruncate(*fd, (off_t)length) == 0 ? NULL : "set the size of";
}

const char *read_at(int fd, uint8_t *out, size_t length, uint64_t offset) {
  while (length > 0) {
    const ssize_t count = pread(fd, out, length, (off_t)offset);
    if (count < 0 && errno == EINTR) continue;
    if (count == 0) errno = ENODATA;
    if (count <= 0) return "read";
    out += count;
    length -= (size_t)count;
    offset += (uint64_t)count;
  }
  return NULL;
}

/* Whether the cache was bypassed: some file systems say only at the write that they cannot. */
static int use_cache(int fd) {
#if defined(O_DIRECT)
  const int flags = fcntl(fd, F_GETFL);
  return flags >= 0 && (flags & O_DIRECT) && fcntl(fd, F_SETFL, flags & ~O_DIRECT) == 0;
#else
  (void)fd;
  return 0;
#endif
}

void bypass_cache(int fd) {
#if defined(O_DIRECT)
  const int error = errno, flags = fcntl(fd, F_GETFL);
  if (flags >= 0) fcntl(fd, F_SETFL, flags | O_DIRECT);
  errno = error;
#else
  (void)fd;
#endif
}

const char *write_at(int fd, const uint8_t *bytes, size_t length, uint64_t offset) {
  while (length > 0) {
    const ssize_t count = pwrite(fd, bytes, length, (off_t)offset);
    if (count < 0 && (errno == EINTR || (errno == EINVAL && use_cache(fd)))) continue;
    if (count < 0) return "write";
    bytes += count;
    length -= (size_t)count;
    offset += (uint64_t)count;
  }
  return NULL;
}

void start_writing(int fd, uint64_t offset, uint64_t length) {
#if defined(__linux__)
  sync_file_range(fd, (off_t)offset, (off_t)length, SYNC_FILE_RANGE_WRITE);
#else
  (void)fd, (void)offset, (void)length;
#endif
}

const char *write_checkpoint(const char *path, uint64_t count, const uint8_t digest[SHA256_BYTES],
                             const struct control *control) {
  char temporary[4096], text[128];
  int fd = -1;
  /* Two that build one table write checkpoints of one name: each has a file of its own until it is whole. */
  if (snprintf(temporary, sizeof temporary, "%s.XXXXXX.tmp", path) >= (int)sizeof temporary) {
    errno = ENAMETOOLONG;
    return "name the checkpoint of";
  }
  int length = snprintf(text, sizeof text, "%llu ", (unsigned long long)count);
  for (int i = 0; i < SHA256_BYTES; i++) length += snprintf(text + length, sizeof text - (size_t)length, "%02x", digest[i]);
  text[length++] = '\n';
  fd = mkstemps(temporary, (int)strlen(".tmp"));
  if (fd < 0) return "create the checkpoint of";
  fcntl(fd, F_SETFD, FD_CLOEXEC);
  fchmod(fd, 0644);
  const char *failed = write_at(fd, (const uint8_t *)text, (size_t)length, 0);
  if (failed == NULL && control != NULL) failed = sync_file(control, fd);
  close_file(&fd);
  if (failed == NULL && rename(temporary, path) != 0) failed = "rename the checkpoint of";
  if (failed != NULL) {
    const int error = errno;
    unlink(temporary);
    errno = error;
  }
  return failed;
}

const char *digest_start(const struct control *control, int fd, uint64_t length, struct sha256_stream *stream, uint8_t *memory, size_t memory_bytes) {
  for (uint64_t at = 0; at < length;) {
    const size_t part = length - at < memory_bytes ? (size_t)(length - at) : memory_bytes;
    const char *failed = control_cancelled(control) ? WORK_CANCELLED : read_at(fd, memory, part, at);
    if (failed != NULL) return failed;
    sha256_add(stream, memory, part);
    at += part;
  }
  return NULL;
}
