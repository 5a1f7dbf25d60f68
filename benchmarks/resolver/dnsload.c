/* Copyright the Fluid4J authors. SPDX-License-Identifier: Apache-2.0
 *
 * dnsload echo PORT                                 the floor: sends every UDP message back, turned into a response, in batches
 * dnsload spin SECONDS                              how often a thread that only looks at the clock was kept from it
 * dnsload closed PORT FUNCTIONS OUTSTANDING SECONDS as many queries as are answered, so many under way
 * dnsload open PORT FUNCTIONS RATE SECONDS          queries at a rate, whether answers come or not
 *
 * Queries are for SRV of _http._tcp.fN.fluid.internal with EDNS, from 8 sockets. Both loads print one line of
 * "name=value". Times of "open" go from the clock before the system call that sent the query, which on loopback is when the
 * server's socket got it, to the kernel's stamp on the response, which is when the server sent it: what happens to this
 * process between does not count, what happens to the server does. A batch is stamped as one: up to 16 queries that were due.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { SOCKETS = 8, BATCH = 16, SIZE = 2048, IDS = 1 << 16, BUCKETS = 1 << 20 };

static int64_t now(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return (int64_t) t.tv_sec * 1000000000 + t.tv_nsec;
}

static void must(int ok, const char *what) {
    if (!ok) {
        perror(what);
        exit(1);
    }
}

static struct sockaddr_in loopback(int port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

static int udp(void) {
    int fd = socket(AF_INET, SOCK_DGRAM, 0), size = 4 << 20;
    must(fd >= 0, "socket");
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    return fd;
}

static struct mmsghdr headers[BATCH];
static struct iovec vectors[BATCH];
static char data[BATCH][SIZE], control[BATCH][128];
static struct sockaddr_in names[BATCH];

static void echo(int port) {
    struct sockaddr_in address = loopback(port);
    int fd = udp();
    must(bind(fd, (struct sockaddr *) &address, sizeof address) == 0, "bind");
    for (;;) {
        for (int i = 0; i < BATCH; i++) {
            vectors[i] = (struct iovec) {data[i], SIZE};
            headers[i].msg_hdr = (struct msghdr) {
                .msg_name = &names[i], .msg_namelen = sizeof names[i], .msg_iov = &vectors[i], .msg_iovlen = 1};
        }
        int came = recvmmsg(fd, headers, BATCH, MSG_WAITFORONE, NULL);
        must(came > 0 || errno == EINTR, "recvmmsg");
        for (int i = 0; i < came; i++) {
            /* A response, with 150 octets more than the query: about what the answer of a server has. */
            unsigned length = headers[i].msg_len;
            data[i][2] |= (char) 0x84;
            data[i][7] = 1;
            vectors[i].iov_len = length + 150 < SIZE ? length + 150 : SIZE;
        }
        for (int at = 0; at < came;) {
            int sent = sendmmsg(fd, headers + at, came - at, 0);
            at += sent > 0 ? sent : 1;
        }
    }
}

static int spin(int seconds) {
    int64_t start = now(CLOCK_MONOTONIC), last = start, away = 0, longest = 0, stalls = 0;
    while (last - start < (int64_t) seconds * 1000000000) {
        int64_t t = now(CLOCK_MONOTONIC), gap = t - last;
        if (gap > 1000000) {
            stalls++;
            away += gap;
            longest = gap > longest ? gap : longest;
        }
        last = t;
    }
    printf("stalls=%.1f away=%.4f longest=%.3f\n", (double) stalls / seconds, away / 1e9 / seconds, longest / 1e6);
    return 0;
}

static char (*queries)[128];
static int *lengths, functions, fds[SOCKETS];
static uint16_t next_id[SOCKETS];
static int64_t (*sent_at)[IDS];
static long answered, wrong, next_query;
static uint32_t *histogram;

static void prepare(int port, int count) {
    struct sockaddr_in address = loopback(port);
    functions = count;
    queries = calloc(count, sizeof *queries);
    lengths = calloc(count, sizeof *lengths);
    sent_at = calloc(SOCKETS, sizeof *sent_at);
    histogram = calloc(BUCKETS, sizeof *histogram);
    for (int f = 0; f < count; f++) {
        char *q = queries[f], function[16];
        snprintf(function, sizeof function, "f%d", f);
        const char *labels[] = {"_http", "_tcp", function, "fluid", "internal"};
        memcpy(q, "\0\0\1\0\0\1\0\0\0\0\0\1", 12);
        int at = 12;
        for (int l = 0; l < 5; l++) {
            size_t n = strlen(labels[l]);
            q[at++] = (char) n;
            memcpy(q + at, labels[l], n);
            at += n;
        }
        memcpy(q + at, "\0\0\x21\0\1\0\0\x29\x04\xd0\0\0\0\0\0\0", 16);
        lengths[f] = at + 16;
    }
    for (int s = 0; s < SOCKETS; s++) {
        int on = 1;
        fds[s] = udp();
        must(connect(fds[s], (struct sockaddr *) &address, sizeof address) == 0, "connect");
        setsockopt(fds[s], SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
    }
}

static void ask(int s, int count) {
    for (int i = 0; i < count; i++) {
        int f = (int) (next_query++ * 7919 % functions);
        uint16_t id = next_id[s]++;
        memcpy(data[i], queries[f], lengths[f]);
        data[i][0] = (char) (id >> 8);
        data[i][1] = (char) id;
        vectors[i] = (struct iovec) {data[i], lengths[f]};
        headers[i].msg_hdr = (struct msghdr) {.msg_iov = &vectors[i], .msg_iovlen = 1};
    }
    int64_t t = now(CLOCK_REALTIME);
    for (int i = 0; i < count; i++)
        sent_at[s][(uint16_t) (next_id[s] - count + i)] = t;
    sendmmsg(fds[s], headers, count, 0);
}

/* Reads what is there for one socket; returns how many. */
static int hear(int s) {
    for (int i = 0; i < BATCH; i++) {
        vectors[i] = (struct iovec) {data[i], SIZE};
        headers[i].msg_hdr = (struct msghdr) {
            .msg_iov = &vectors[i], .msg_iovlen = 1, .msg_control = control[i], .msg_controllen = sizeof control[i]};
    }
    int came = recvmmsg(fds[s], headers, BATCH, MSG_DONTWAIT, NULL);
    for (int i = 0; i < came; i++) {
        if ((data[i][2] & 0x80) == 0 || (data[i][3] & 0xf) != 0 || data[i][7] == 0) {
            wrong++;
            continue;
        }
        answered++;
        struct cmsghdr *c = CMSG_FIRSTHDR(&headers[i].msg_hdr);
        if (c != NULL && c->cmsg_type == SO_TIMESTAMPNS) {
            struct timespec t;
            memcpy(&t, CMSG_DATA(c), sizeof t);
            uint16_t id = (uint16_t) ((unsigned char) data[i][0] << 8 | (unsigned char) data[i][1]);
            /* In tenths of a microsecond. */
            int64_t took = ((int64_t) t.tv_sec * 1000000000 + t.tv_nsec - sent_at[s][id]) / 100;
            histogram[took < 0 ? 0 : took < BUCKETS ? took : BUCKETS - 1]++;
        }
    }
    return came < 0 ? 0 : came;
}

static double percentile(double p) {
    long seen = 0, all = 0;
    for (int i = 0; i < BUCKETS; i++)
        all += histogram[i];
    for (int i = 0; i < BUCKETS; i++) {
        seen += histogram[i];
        if (seen > 0 && seen >= all * p / 100)
            return i / 10.0;
    }
    return 0;
}

static int closed(int outstanding, int seconds) {
    int per_socket = outstanding / SOCKETS > 0 ? outstanding / SOCKETS : 1, under_way[SOCKETS] = {0};
    int64_t start = now(CLOCK_MONOTONIC), end = start + (int64_t) seconds * 1000000000, quiet = start;
    long lost = 0;
    for (int64_t t = start; t < end; t = now(CLOCK_MONOTONIC)) {
        int heard = 0;
        for (int s = 0; s < SOCKETS; s++) {
            int came = hear(s);
            heard += came;
            under_way[s] = under_way[s] > came ? under_way[s] - came : 0;
            while (under_way[s] < per_socket) {
                int count = per_socket - under_way[s] < BATCH ? per_socket - under_way[s] : BATCH;
                ask(s, count);
                under_way[s] += count;
            }
        }
        if (heard > 0) {
            quiet = t;
        } else if (t - quiet > 200000000) {
            for (int s = 0; s < SOCKETS; s++) {
                lost += under_way[s];
                under_way[s] = 0;
            }
            quiet = t;
        }
    }
    printf("rate=%.0f lost=%ld wrong=%ld\n", (double) answered / seconds, lost, wrong);
    return 0;
}

static int open_loop(long rate, int seconds) {
    int64_t start = now(CLOCK_MONOTONIC), length = (int64_t) seconds * 1000000000, last = start, stalls = 0;
    long asked = 0, skipped = 0;
    for (int s = 0;; s = (s + 1) % SOCKETS) {
        int64_t t = now(CLOCK_MONOTONIC);
        stalls += t - last > 1000000;
        last = t;
        if (t - start >= length)
            break;
        long due = (long) ((double) (t - start) * rate / 1e9) - asked - skipped;
        /* What was not sent while this process was kept away is not made up for: it would be another rate. */
        if (due > rate / 1000) {
            skipped += due - rate / 1000;
            due = rate / 1000;
        }
        if (due > 0) {
            int count = due < BATCH ? (int) due : BATCH;
            ask(s, count);
            asked += count;
        }
        hear(s);
    }
    int64_t end = now(CLOCK_MONOTONIC) + 100000000;
    while (now(CLOCK_MONOTONIC) < end)
        for (int s = 0; s < SOCKETS; s++)
            hear(s);
    printf("asked=%.0f answered=%.3f wrong=%ld p50=%.1f p99=%.1f p99.9=%.1f p99.99=%.1f max=%.1f own_stalls=%.1f\n",
            (double) asked / seconds, answered * 100.0 / asked, wrong, percentile(50), percentile(99), percentile(99.9), percentile(99.99),
            percentile(100), (double) stalls / seconds);
    return 0;
}

int main(int count, char **arguments) {
    const char *mode = count > 1 ? arguments[1] : "";
    long number[4] = {0};
    for (int i = 2; i < count && i < 6; i++)
        number[i - 2] = atol(arguments[i]);
    if (count == 3 && strcmp(mode, "echo") == 0)
        echo((int) number[0]);
    if (count == 3 && strcmp(mode, "spin") == 0)
        return spin((int) number[0]);
    if (count == 6)
        prepare((int) number[0], (int) number[1]);
    if (count == 6 && strcmp(mode, "closed") == 0)
        return closed((int) number[2], (int) number[3]);
    if (count == 6 && strcmp(mode, "open") == 0)
        return open_loop(number[2], (int) number[3]);
    fprintf(stderr, "dnsload: see the head of dnsload.c\n");
    return 2;
}
