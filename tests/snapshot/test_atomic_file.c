/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The old file or the new one, never a part: every call made to fail in turn, once and for ever;
 * short and interrupted writes; the process killed at every call.
 */
#include "support.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- A file system that fails ---------------------------------------------------------------- */

enum call {
    CALL_OPEN,
    CALL_WRITE,
    CALL_FSYNC,
    CALL_CLOSE,
    CALL_RENAME,
    CALL_DIRECTORY,
    CALL_UNLINK,
    NR_CALLS
};

struct faulty {
    unsigned int calls;   /* so far */
    unsigned int fail_at; /* the call that fails, from 1; 0: none */
    bool for_ever;        /* and all after it */
    bool die;             /* do not fail but end the process */
    int code;             /* with this errno; 0: a write of no bytes, where it is a write */
    size_t most;          /* bytes that one write takes; 0: all */
    unsigned int made[NR_CALLS];
    int open_files;
    bool unlink_failed, rename_failed, only_directory_failed;
};

static bool fails(struct faulty *faulty, enum call call)
{
    bool now = ++faulty->calls == faulty->fail_at ||
               (faulty->for_ever && faulty->fail_at && faulty->calls > faulty->fail_at);

    if (now && faulty->die)
        _exit(77);
    faulty->made[call]++;
    return now;
}

static int faulty_open(void *opaque, const char *path, int *fd)
{
    struct faulty *faulty = opaque;

    if (fails(faulty, CALL_OPEN))
        return faulty->code ? -faulty->code : -EIO;
    *fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
    faulty->open_files += *fd >= 0;
    return *fd < 0 ? -errno : 0;
}

static long faulty_write(void *opaque, int fd, const void *bytes, size_t size)
{
    struct faulty *faulty = opaque;

    if (fails(faulty, CALL_WRITE))
        return -faulty->code;
    return write(fd, bytes, faulty->most && faulty->most < size ? faulty->most : size);
}

static int faulty_fsync(void *opaque, int fd)
{
    struct faulty *faulty = opaque;

    (void)fd;
    return fails(faulty, CALL_FSYNC) ? (faulty->code ? -faulty->code : -EIO) : 0;
}

/* Linux lets go of the descriptor whatever close answers. */
static int faulty_close(void *opaque, int fd)
{
    struct faulty *faulty = opaque;
    bool now = fails(faulty, CALL_CLOSE);

    assert_int_equal(close(fd), 0);
    faulty->open_files--;
    return now ? (faulty->code ? -faulty->code : -EIO) : 0;
}

static int faulty_rename(void *opaque, const char *from, const char *to)
{
    struct faulty *faulty = opaque;

    faulty->rename_failed = fails(faulty, CALL_RENAME);
    if (faulty->rename_failed)
        return faulty->code ? -faulty->code : -EIO;
    return rename(from, to) < 0 ? -errno : 0;
}

static int faulty_directory(void *opaque, const char *path)
{
    struct faulty *faulty = opaque;

    assert_non_null(path);
    faulty->only_directory_failed = fails(faulty, CALL_DIRECTORY);
    return faulty->only_directory_failed ? (faulty->code ? -faulty->code : -EIO) : 0;
}

static int faulty_unlink(void *opaque, const char *path)
{
    struct faulty *faulty = opaque;

    if (fails(faulty, CALL_UNLINK)) {
        faulty->unlink_failed = true;
        return faulty->code ? -faulty->code : -EIO;
    }
    return unlink(path) < 0 ? -errno : 0;
}

static struct vgic5_fs faulty_fs(struct faulty *faulty)
{
    return (struct vgic5_fs){.size = sizeof(struct vgic5_fs),
                             .open_temporary = faulty_open,
                             .write = faulty_write,
                             .fsync = faulty_fsync,
                             .close = faulty_close,
                             .rename = faulty_rename,
                             .fsync_directory = faulty_directory,
                             .unlink = faulty_unlink,
                             .opaque = faulty};
}

/* ---- A directory with an old file ------------------------------------------------------------ */

#define OLD_TEXT "the old file"

struct scratch_place {
    char directory[64];
    char path[96];
};

static void place_make(struct scratch_place *place)
{
    strcpy(place->directory, "/tmp/vgic5-atomic-XXXXXX");
    assert_non_null(mkdtemp(place->directory));
    snprintf(place->path, sizeof(place->path), "%s/snapshot", place->directory);
}

static void put_old(const struct scratch_place *place)
{
    FILE *file = fopen(place->path, "w");

    assert_non_null(file);
    fputs(OLD_TEXT, file);
    fclose(file);
}

static size_t count_files(const struct scratch_place *place)
{
    DIR *directory = opendir(place->directory);
    size_t count = 0;

    assert_non_null(directory);
    for (const struct dirent *entry; (entry = readdir(directory));)
        count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    closedir(directory);
    return count;
}

static void remove_all(const struct scratch_place *place)
{
    DIR *directory = opendir(place->directory);

    for (const struct dirent *entry; (entry = readdir(directory));)
        unlinkat(dirfd(directory), entry->d_name, 0);
    closedir(directory);
}

static bool is_old(const struct scratch_place *place)
{
    char text[32] = "";
    FILE *file = fopen(place->path, "r");

    assert_non_null(file);
    assert_true(fread(text, 1, sizeof(text) - 1, file) > 0);
    fclose(file);
    return strcmp(text, OLD_TEXT) == 0;
}

static bool is_new(const struct scratch_place *place, const struct sample *sample)
{
    struct vgic5_snapshot *snapshot;
    const struct vgic5_section *ram;
    uint8_t *loaded;
    bool equal;

    if (vgic5_snapshot_open_file(place->path, &snapshot, NULL) != 0)
        return false;
    ram = vgic5_snapshot_find(snapshot, "memory", SAMPLE_RAM_BASE);
    loaded = calloc(1, SAMPLE_RAM_SIZE);
    equal = vgic5_snapshot_load_memory(snapshot, ram, loaded, NULL) == 0 &&
            memcmp(loaded, sample->ram, SAMPLE_RAM_SIZE) == 0;
    free(loaded);
    vgic5_snapshot_close(snapshot);
    return equal;
}

/* As a program saves: the file, the writer on it, commit or abandon. */
static int save(const struct scratch_place *place, const struct sample *sample,
                const struct vgic5_fs *fs, struct vgic5_error *error)
{
    struct vgic5_atomic_file *file;
    struct vgic5_snapshot_writer *writer;
    int ret = vgic5_atomic_file_create(place->path, fs, &file, error);

    if (ret != 0)
        return ret;
    ret = vgic5_snapshot_begin(vgic5_atomic_file_sink(file), "test", &writer, error);
    if (ret == 0) {
        ret =
            vgic5_snapshot_put_memory(writer, SAMPLE_RAM_BASE, sample->ram, SAMPLE_RAM_SIZE, error);
        if (ret == 0)
            ret = vgic5_snapshot_end(writer, error);
        else
            vgic5_snapshot_abort(writer);
    }
    if (ret == 0)
        return vgic5_atomic_file_commit(file, error);
    vgic5_atomic_file_abandon(file);
    return ret;
}

/* ---- Tests ----------------------------------------------------------------------------------- */

static void test_the_systems_own_calls(void **state)
{
    struct sample *sample = sample_new(1);
    struct vgic5_error error = {0};
    struct scratch_place place;
    struct stat status;

    (void)state;
    place_make(&place);
    for (unsigned int i = 0; i < 2; i++) { /* a new file, and over an old one */
        assert_int_equal(save(&place, sample, NULL, &error), 0);
        assert_true(is_new(&place, sample));
        assert_int_equal(count_files(&place), 1);
        assert_int_equal(stat(place.path, &status), 0);
        assert_int_equal(status.st_mode & 07777, 0600);
        put_old(&place);
    }
    remove_all(&place);
    /* A name without a directory is one in the working directory. */
    char *before = getcwd(NULL, 0);
    assert_int_equal(chdir(place.directory), 0);
    strcpy(place.path, "snapshot");
    assert_int_equal(save(&place, sample, NULL, &error), 0);
    assert_true(is_new(&place, sample));
    assert_int_equal(count_files(&place), 1);
    remove_all(&place);
    assert_int_equal(chdir(before), 0);
    free(before);
    rmdir(place.directory);
    free(sample);
}

static void check_after(const struct scratch_place *place, const struct sample *sample,
                        const struct faulty *faulty, int result, const struct vgic5_error *error)
{
    assert_int_equal(faulty->open_files, 0);
    if (result != 0) {
        assert_int_equal(error->cause, VGIC5_CAUSE_ENVIRONMENT);
        assert_true(strlen(error->message) > 10);
    }
    if (result == 0 || faulty->only_directory_failed)
        assert_true(is_new(place, sample));
    else
        assert_true(is_old(place));
    if (!faulty->unlink_failed)
        assert_int_equal(count_files(place), 1);
}

static void test_every_call_fails_once_and_for_ever(void **state)
{
    static const int codes[] = {EIO, ENOSPC, ENOENT, EINTR, 0};
    struct sample *sample = sample_new(1);
    struct scratch_place place;
    unsigned int loops = 0, made[NR_CALLS] = {0};

    (void)state;
    place_make(&place);
    for (size_t code = 0; code < sizeof(codes) / sizeof(codes[0]); code++) {
        for (unsigned int for_ever = 0; for_ever < 2; for_ever++) {
            struct faulty faulty;
            unsigned int fail_at = 0;

            do {
                struct vgic5_error error = {0};
                struct vgic5_fs fs = faulty_fs(&faulty);
                int ret;

                faulty = (struct faulty){
                    .fail_at = ++fail_at, .for_ever = for_ever, .code = codes[code], .most = 3000};
                put_old(&place);
                ret = save(&place, sample, &fs, &error);
                if (codes[code] == EINTR && !for_ever && !faulty.rename_failed)
                    assert_int_equal(ret, 0); /* one interruption harms nothing */
                else if (fail_at <= faulty.calls)
                    assert_true(ret < 0);
                else
                    assert_int_equal(ret, 0); /* no call was left to fail */
                check_after(&place, sample, &faulty, ret, &error);
                for (unsigned int i = 0; i < NR_CALLS; i++)
                    made[i] += faulty.made[i];
                remove_all(&place);
                loops++;
            } while (fail_at <= faulty.calls);
            assert_true(fail_at > 8);
        }
    }
    for (unsigned int i = 0; i < NR_CALLS; i++)
        assert_true(made[i] > 0);
    print_message("%u saves with a fault\n", loops);
    rmdir(place.directory);
    free(sample);
}

static void test_short_writes(void **state)
{
    static const size_t most[] = {1, 7, 4096};
    struct sample *sample = sample_new(1);
    struct scratch_place place;

    (void)state;
    place_make(&place);
    for (size_t i = 0; i < 3; i++) {
        struct faulty faulty = {.most = most[i]};
        struct vgic5_fs fs = faulty_fs(&faulty);

        put_old(&place);
        assert_int_equal(save(&place, sample, &fs, NULL), 0);
        assert_true(is_new(&place, sample));
    }
    remove_all(&place);
    rmdir(place.directory);
    free(sample);
}

static void test_killed_at_every_call(void **state)
{
    struct sample *sample = sample_new(1);
    struct scratch_place place;
    unsigned int fail_at = 0, olds = 0, news = 0;
    int status;

    (void)state;
    place_make(&place);
    do {
        pid_t child;

        fail_at++;
        put_old(&place);
        child = fork();
        if (child == 0) {
            struct faulty faulty = {.fail_at = fail_at, .die = true, .most = 1500};
            struct vgic5_fs fs = faulty_fs(&faulty);

            _exit(save(&place, sample, &fs, NULL) == 0 ? 0 : 1);
        }
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFEXITED(status) && (WEXITSTATUS(status) == 77 || WEXITSTATUS(status) == 0));
        if (is_old(&place))
            olds++;
        else
            news += is_new(&place, sample);
        assert_int_equal(olds + news, fail_at);
        remove_all(&place);
    } while (WEXITSTATUS(status) == 77);
    assert_int_equal(news, 2); /* killed before the fsync of the directory, and not at all */
    assert_true(olds > 5);
    rmdir(place.directory);
    free(sample);
}

/* What a process was killed over. It is held by whoever has it open, and by nobody else. */
static int temporary_of(const struct scratch_place *place, long pid, unsigned int n, bool held)
{
    char name[160];
    int fd;

    snprintf(name, sizeof(name), "%s/.snapshot.%ld.%u.tmp", place->directory, pid, n);
    fd = open(name, O_WRONLY | O_CREAT, 0600);
    assert_true(fd >= 0);
    if (held) {
        assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), 0);
        return fd;
    }
    close(fd);
    return -1;
}

/* Names that others hold are not touched; after a hundred of them the save gives up. */
static void test_temporary_names_taken(void **state)
{
    struct sample *sample = sample_new(1);
    struct vgic5_error error = {0};
    struct scratch_place place;
    int held[100];

    (void)state;
    place_make(&place);
    for (unsigned int i = 0; i < 100; i++) {
        held[i] = temporary_of(&place, getpid(), i, true);
        if (i == 98) {
            assert_int_equal(save(&place, sample, NULL, &error), 0);
            assert_int_equal(count_files(&place), 100);
        }
    }
    assert_int_equal(save(&place, sample, NULL, &error), -EEXIST);
    assert_int_equal(count_files(&place), 101);
    assert_true(is_new(&place, sample));
    for (unsigned int i = 0; i < 100; i++)
        close(held[i]);
    assert_int_equal(save(&place, sample, NULL, &error), 0);
    assert_int_equal(count_files(&place), 1);
    remove_all(&place);
    rmdir(place.directory);
    free(sample);
}

/* ---- kill -9 --------------------------------------------------------------------------------- */

/* A file system that has no O_TMPFILE. */
static bool has_no_unnamed;

int __real_temporary_open_unnamed(const char *path, int *fd);
int __wrap_temporary_open_unnamed(const char *path, int *fd);
int __wrap_temporary_open_unnamed(const char *path, int *fd)
{
    return has_no_unnamed ? -EOPNOTSUPP : __real_temporary_open_unnamed(path, fd);
}

/* The system's calls, each of which may be the last one. */
static enum call last_call;
static unsigned int calls_left;

static void die_at(enum call call)
{
    if (call == last_call && calls_left-- == 0)
        kill(getpid(), SIGKILL);
}

static long dying_write(void *opaque, int fd, const void *bytes, size_t size)
{
    (void)opaque;
    die_at(CALL_WRITE);
    return write(fd, bytes, size < 1500 ? size : 1500);
}

static int dying_fsync(void *opaque, int fd)
{
    (void)opaque;
    die_at(CALL_FSYNC);
    return fsync(fd);
}

static int dying_close(void *opaque, int fd)
{
    (void)opaque;
    die_at(CALL_CLOSE);
    return close(fd);
}

static int dying_rename(void *opaque, const char *from, const char *to)
{
    (void)opaque;
    die_at(CALL_RENAME);
    return rename(from, to);
}

static int dying_directory(void *opaque, const char *path)
{
    (void)opaque, (void)path;
    die_at(CALL_DIRECTORY);
    return 0;
}

static void save_and_die(const struct scratch_place *place, const struct sample *sample,
                         enum call call, unsigned int left)
{
    const struct vgic5_fs fs = {.size = sizeof(fs),
                                .write = dying_write,
                                .fsync = dying_fsync,
                                .close = dying_close,
                                .rename = dying_rename,
                                .fsync_directory = dying_directory};
    pid_t child = fork();
    int status;

    assert_true(child >= 0);
    if (child == 0) {
        last_call = call;
        calls_left = left;
        save(place, sample, &fs, NULL);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

/* Where a process is killed, and whether it then has a name that stays behind. */
static const struct {
    enum call call;
    unsigned int left;
    bool leaves_linked;
} deaths[] = {
    {CALL_WRITE, 0, false},     {CALL_WRITE, 1, false}, {CALL_WRITE, 5, false},
    {CALL_FSYNC, 0, false},     {CALL_CLOSE, 0, true},  {CALL_RENAME, 0, true},
    {CALL_DIRECTORY, 0, false},
};

/* And the next save removes what is left. */
static void die_each(bool unnamed)
{
    struct sample *sample = sample_new(1);
    struct scratch_place place;

    has_no_unnamed = !unnamed;
    place_make(&place);
    for (size_t i = 0; i < sizeof(deaths) / sizeof(*deaths); i++) {
        bool in_place = deaths[i].call == CALL_DIRECTORY;
        bool leaves = !in_place && (!unnamed || deaths[i].leaves_linked);

        put_old(&place);
        save_and_die(&place, sample, deaths[i].call, deaths[i].left);
        assert_true(in_place ? is_new(&place, sample) : is_old(&place));
        assert_int_equal(count_files(&place), leaves ? 2 : 1);
        assert_int_equal(save(&place, sample, NULL, NULL), 0);
        assert_true(is_new(&place, sample));
        assert_int_equal(count_files(&place), 1);
    }
    has_no_unnamed = false;
    remove_all(&place);
    rmdir(place.directory);
    free(sample);
}

static void test_killed_without_a_name(void **state)
{
    (void)state;
    die_each(true);
}

static void test_killed_with_a_name(void **state)
{
    (void)state;
    die_each(false);
}

static pid_t a_process_that_has_gone(void)
{
    pid_t child = fork();

    if (child == 0)
        _exit(0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    return child;
}

/* A file that is held, is of a process that is there, or is none of ours, stays. */
static void test_only_dead_ones_are_removed(void **state)
{
    static const char *const others[] = {"/.snapshot.%ld.0.tm",   "/.snapshot.%ld.tmp",
                                         "/.snapshot.%ld.0.tmp2", "/.snapshots.%ld.0.tmp",
                                         "/.snapsho.%ld.0.tmp",   "/snapshot.%ld.0.tmp",
                                         "/.snapshot.x%ld.0.tmp"};
    struct sample *sample = sample_new(1);
    long gone = a_process_that_has_gone();
    struct scratch_place place;
    char name[160];
    size_t stay = 0;
    int held;

    (void)state;
    place_make(&place);
    for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++, stay++) {
        strcpy(name, place.directory);
        snprintf(name + strlen(name), 60, others[i], gone);
        close(open(name, O_WRONLY | O_CREAT, 0600));
    }
    snprintf(name, sizeof(name), "%s/.snapshot.%ld.7.tmp", place.directory, gone);
    assert_int_equal(symlink("/dev/null", name), 0);
    held = temporary_of(&place, gone, 1, true);
    temporary_of(&place, getppid(), 0, false);
    stay += 3;
    temporary_of(&place, gone, 0, false);
    temporary_of(&place, gone, 99, false);
    temporary_of(&place, getpid(), 0, false); /* of one that had this number before */
    assert_int_equal(save(&place, sample, NULL, NULL), 0);
    assert_int_equal(count_files(&place), stay + 1);
    close(held);
    remove_all(&place);
    rmdir(place.directory);
    free(sample);
}

/* While it is being written, another save of the same name does not take it for a dead one. */
static void test_two_at_a_time(void **state)
{
    struct sample *sample = sample_new(1);
    struct vgic5_atomic_file *slow;
    struct scratch_place place;

    (void)state;
    place_make(&place);
    for (unsigned int i = 0; i < 2; i++) {
        has_no_unnamed = i == 1;
        put_old(&place);
        assert_int_equal(vgic5_atomic_file_create(place.path, NULL, &slow, NULL), 0);
        assert_int_equal(save(&place, sample, NULL, NULL), 0);
        assert_true(is_new(&place, sample));
        assert_int_equal(count_files(&place), 1 + i);
        assert_int_equal(vgic5_atomic_file_commit(slow, NULL), 0);
        assert_int_equal(count_files(&place), 1);
        assert_false(is_new(&place, sample)); /* it was empty */
    }
    has_no_unnamed = false;
    remove_all(&place);
    rmdir(place.directory);
    free(sample);
}

static void test_places_that_do_not_take_a_file(void **state)
{
    static const char *const paths[] = {"", "/", "/tmp/", "/nowhere/at/all", "/dev/null/x"};
    struct vgic5_atomic_file *file;
    struct vgic5_error error = {0};
    struct scratch_place place;
    char name[400];

    (void)state;
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        memset(&error, 0, sizeof(error));
        assert_true(vgic5_atomic_file_create(paths[i], NULL, &file, &error) < 0);
        assert_null(file);
        assert_int_equal(error.cause, VGIC5_CAUSE_ENVIRONMENT);
    }
    place_make(&place);
    /* A directory in the way: refused by the rename, nothing is left behind. */
    assert_int_equal(mkdir(place.path, 0700), 0);
    assert_int_equal(vgic5_atomic_file_create(place.path, NULL, &file, &error), 0);
    assert_int_equal(vgic5_atomic_file_commit(file, &error), -EISDIR);
    assert_int_equal(count_files(&place), 1);
    rmdir(place.path);
    /* The longest legal name works; one that is too long is refused at the end, without a trace. */
    for (size_t length = 255; length <= 256; length++) {
        snprintf(name, sizeof(name), "%s/", place.directory);
        memset(name + strlen(name), 'n', length);
        name[strlen(place.directory) + 1 + length] = '\0';
        assert_int_equal(vgic5_atomic_file_create(name, NULL, &file, &error), 0);
        assert_int_equal(vgic5_atomic_file_commit(file, &error), length == 255 ? 0 : -ENAMETOOLONG);
        assert_int_equal(count_files(&place), 1);
    }
    remove_all(&place);
    rmdir(place.directory);
}

/* A device, a pipe or a socket in the way stays what it is; any other symbolic link is replaced,
 * not followed. */
static void test_no_file_in_the_way(void **state)
{
    struct vgic5_atomic_file *file;
    struct vgic5_error error = {0};
    struct scratch_place place;
    struct stat before, after;
    char target[80];

    (void)state;
    place_make(&place);
    assert_int_equal(mkfifo(place.path, 0600), 0);
    assert_int_equal(lstat(place.path, &before), 0);
    assert_int_equal(vgic5_atomic_file_create(place.path, NULL, &file, &error), -ENOTSUP);
    assert_null(file);
    assert_int_equal(error.cause, VGIC5_CAUSE_ENVIRONMENT);
    assert_non_null(strstr(error.message, place.path));
    assert_int_equal(lstat(place.path, &after), 0);
    assert_int_equal(after.st_ino, before.st_ino);
    assert_int_equal(count_files(&place), 1);

    /* Nor is a link to one replaced, as /dev/stdout is. */
    snprintf(target, sizeof(target), "%s/link", place.directory);
    assert_int_equal(symlink(place.path, target), 0);
    assert_int_equal(vgic5_atomic_file_create(target, NULL, &file, &error), -ENOTSUP);
    assert_int_equal(lstat(target, &after), 0);
    assert_true(S_ISLNK(after.st_mode));
    unlink(target);
    unlink(place.path);

    snprintf(target, sizeof(target), "%s/target", place.directory);
    assert_int_equal(symlink(target, place.path), 0);
    assert_int_equal(vgic5_atomic_file_create(place.path, NULL, &file, &error), 0);
    assert_int_equal(vgic5_atomic_file_commit(file, &error), 0);
    assert_int_equal(lstat(place.path, &after), 0);
    assert_true(S_ISREG(after.st_mode));
    assert_int_equal(access(target, F_OK), -1);
    remove_all(&place);
    rmdir(place.directory);
}

/* The directory is renamed away under a save: refused, and the old file is as it was. */
static void test_directory_vanishes(void **state)
{
    struct vgic5_atomic_file *file;
    const struct vgic5_sink *sink;
    struct vgic5_error error = {0};
    struct scratch_place place;
    char away[80];

    (void)state;
    place_make(&place);
    put_old(&place);
    assert_int_equal(vgic5_atomic_file_create(place.path, NULL, &file, &error), 0);
    sink = vgic5_atomic_file_sink(file);
    assert_int_equal(sink->write(sink->opaque, "new", 3), 0);
    snprintf(away, sizeof(away), "%s-away", place.directory);
    assert_int_equal(rename(place.directory, away), 0);
    assert_int_equal(vgic5_atomic_file_commit(file, &error), -ENOENT);
    assert_int_equal(error.cause, VGIC5_CAUSE_ENVIRONMENT);
    assert_int_equal(rename(away, place.directory), 0);
    assert_true(is_old(&place));
    remove_all(&place);
    rmdir(place.directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_systems_own_calls),
        cmocka_unit_test(test_every_call_fails_once_and_for_ever),
        cmocka_unit_test(test_short_writes),
        cmocka_unit_test(test_killed_at_every_call),
        cmocka_unit_test(test_temporary_names_taken),
        cmocka_unit_test(test_killed_without_a_name),
        cmocka_unit_test(test_killed_with_a_name),
        cmocka_unit_test(test_only_dead_ones_are_removed),
        cmocka_unit_test(test_two_at_a_time),
        cmocka_unit_test(test_places_that_do_not_take_a_file),
        cmocka_unit_test(test_no_file_in_the_way),
        cmocka_unit_test(test_directory_vanishes),
    };

    return cmocka_run_group_tests_name("snapshot atomic file", tests, NULL, NULL);
}
