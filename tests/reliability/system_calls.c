/* Preloaded into a process and its forks: ends the process, or fails, at one call that changes a folder.

   It counts the calls that create, rename, sync or remove something below a prefix, in all processes
   together. Once armed, call number `at` kills its process (SIGKILL) or returns EIO. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct state { long count, at; int kills; char prefix[PATH_MAX]; };
static struct state *state;

__attribute__((constructor)) static void share(void) {
  state = mmap(NULL, sizeof *state, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
}

void arm(const char *prefix, long at, int kills) {
  state->count = 0; state->at = at; state->kills = kills;
  snprintf(state->prefix, sizeof state->prefix, "%s", prefix);
}

long counted(void) { return state->count; }

static int place(int folder, char *found) {
  char link[64];
  if (folder == AT_FDCWD) return getcwd(found, PATH_MAX) != NULL;
  snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
  ssize_t length = readlink(link, found, PATH_MAX - 1);
  if (length > 0) found[length] = 0;
  return length > 0;
}

/* Return whether this call must fail. */
static int fails(int folder, const char *path) {
  char where[PATH_MAX] = "";
  if (!state->prefix[0]) return 0;
  if (path && path[0] == '/') snprintf(where, sizeof where, "%s", path);
  else if (!place(folder, where)) return 0;
  if (strncmp(where, state->prefix, strlen(state->prefix))) return 0;
  if (__sync_add_and_fetch(&state->count, 1) != state->at) return 0;
  if (state->kills) kill(getpid(), SIGKILL);
  errno = EIO;
  return 1;
}

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define MADE(flags) ((flags) & (O_CREAT | O_TRUNC))

#define OPENS(name, folder, ...) { \
  va_list rest; va_start(rest, flags); mode_t mode = MADE(flags) ? va_arg(rest, mode_t) : 0; va_end(rest); \
  return MADE(flags) && fails(folder, path) ? -1 : NEXT(name)(__VA_ARGS__, flags, mode); }

int open(const char *path, int flags, ...) OPENS(open, AT_FDCWD, path)
int open64(const char *path, int flags, ...) OPENS(open64, AT_FDCWD, path)
int openat(int folder, const char *path, int flags, ...) OPENS(openat, folder, folder, path)
int openat64(int folder, const char *path, int flags, ...) OPENS(openat64, folder, folder, path)
int rename(const char *a, const char *b) { return fails(AT_FDCWD, b) ? -1 : NEXT(rename)(a, b); }
int renameat(int i, const char *a, int j, const char *b) {
  return fails(j, b) ? -1 : NEXT(renameat)(i, a, j, b); }
int unlink(const char *path) { return fails(AT_FDCWD, path) ? -1 : NEXT(unlink)(path); }
int unlinkat(int folder, const char *path, int flags) {
  return fails(folder, path) ? -1 : NEXT(unlinkat)(folder, path, flags); }
int mkdir(const char *path, mode_t mode) { return fails(AT_FDCWD, path) ? -1 : NEXT(mkdir)(path, mode); }
int rmdir(const char *path) { return fails(AT_FDCWD, path) ? -1 : NEXT(rmdir)(path); }
int fsync(int file) { return fails(file, NULL) ? -1 : NEXT(fsync)(file); }
int fdatasync(int file) { return fails(file, NULL) ? -1 : NEXT(fdatasync)(file); }
