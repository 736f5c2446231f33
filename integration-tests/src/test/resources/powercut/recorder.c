/*
 * A disk that remembers the order of what is written to it. Serves two files:
 *   disk  the image; each write and each flush is noted in the log, in its order
 *   mark  whatever is written to it is noted in the same log
 * An entry of the log: one byte 'W', 'F' or 'M'; offset, 8 bytes; length, 4 bytes, both big-endian; the bytes.
 * Build: gcc -O2 recorder.c -o recorder $(pkg-config --cflags --libs fuse3)
 * Start: recorder <image> <log> -f -s <mount point>
 */
#define FUSE_USE_VERSION 31
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <fuse.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static int image;
static int note;
static off_t size;

static int is_disk(const char *path) { return strcmp(path, "/disk") == 0; }
static int is_mark(const char *path) { return strcmp(path, "/mark") == 0; }

static int append(char type, off_t offset, const void *bytes, uint32_t length) {
    unsigned char head[13];
    uint64_t at = htobe64((uint64_t) offset);
    uint32_t count = htobe32(length);
    head[0] = (unsigned char) type;
    memcpy(head + 1, &at, 8);
    memcpy(head + 9, &count, 4);
    struct iovec parts[2] = {{head, sizeof head}, {(void *) bytes, length}};
    return writev(note, parts, 2) == (ssize_t) (sizeof head + length) ? 0 : -EIO;
}

static int get_attributes(const char *path, struct stat *found, struct fuse_file_info *file) {
    (void) file;
    memset(found, 0, sizeof *found);
    if (strcmp(path, "/") == 0) {
        found->st_mode = S_IFDIR | 0700;
        found->st_nlink = 2;
        return 0;
    }
    if (!is_disk(path) && !is_mark(path)) {
        return -ENOENT;
    }
    found->st_mode = S_IFREG | 0600;
    found->st_nlink = 1;
    found->st_size = is_disk(path) ? size : 0;
    return 0;
}

static int open_file(const char *path, struct fuse_file_info *file) {
    /* A mark is noted before its write returns. */
    file->direct_io = is_mark(path);
    return is_disk(path) || is_mark(path) ? 0 : -ENOENT;
}

static int read_file(const char *path, char *into, size_t length, off_t offset, struct fuse_file_info *file) {
    (void) file;
    ssize_t done = is_disk(path) ? pread(image, into, length, offset) : 0;
    return done < 0 ? -errno : (int) done;
}

static int write_file(const char *path, const char *bytes, size_t length, off_t offset, struct fuse_file_info *file) {
    (void) file;
    if (append(is_disk(path) ? 'W' : 'M', offset, bytes, (uint32_t) length) != 0) {
        return -EIO;
    }
    if (is_disk(path) && pwrite(image, bytes, length, offset) != (ssize_t) length) {
        return -EIO;
    }
    return (int) length;
}

static int flush_file(const char *path, int only_data, struct fuse_file_info *file) {
    (void) only_data;
    (void) file;
    return is_disk(path) ? append('F', 0, "", 0) : 0;
}

int main(int count, char **arguments) {
    static const struct fuse_operations operations = {
        .getattr = get_attributes,
        .open = open_file,
        .read = read_file,
        .write = write_file,
        .fsync = flush_file,
    };
    struct stat found;
    if (count < 4) {
        fprintf(stderr, "expected an image, a log, options of FUSE and a mount point\n");
        return 2;
    }
    image = open(arguments[1], O_RDWR | O_CLOEXEC);
    note = open(arguments[2], O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
    if (image < 0 || note < 0 || fstat(image, &found) != 0) {
        perror("image or log");
        return 2;
    }
    size = found.st_size;
    arguments[2] = arguments[0];
    return fuse_main(count - 2, arguments + 2, &operations, NULL);
}
