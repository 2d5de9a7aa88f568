/* A venue that accepts every cancel at once, or after a constant wait: what clients are measured against.
 *
 * One thread, epoll, HTTP/1.1 with keep-alive, by wish over TLS. DELETE is answered with 204 and no body (AutoShares
 * Cancel an Order, Responses), anything else with 200 and the generic answer (AlphaPoint CancelOrder, Response).
 * Each answer bears its date; one with more headers, as gateways add them, an id of its own among these.
 * It prints its port and serves until it is killed, or until its parent has ended.
 *
 *   server [--port N] [--cert FILE --key FILE] [--delay-us N] [--headers N] [--sleeps]
 *
 * While it is in use it polls: on loopback the sender wakes the receiver, and where that is another core of a virtual
 * machine, which is asleep, this costs whoever sends more than some clients do. No client pays that for a venue
 * elsewhere. With --sleeps it does, as any other server.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum { MOST_FDS = 65536, IN_BYTES = 16384, EVENTS = 512, HEADERS_MOST = 64 };
enum { DATE_BYTES = sizeof "Sun, 06 Nov 1994 08:49:37 GMT", ID_BYTES = sizeof "0123456789abcdef" }; /* and their ends */

static const char ACCEPTED[] = "{\"result\":true,\"errormsg\":null,\"errorcode\":0,\"detail\":null}";

/* What no two seconds, and no two answers, have in common is put in where it stands. */
typedef struct { char bytes[8192]; size_t size; char *date, *id; time_t as_of; } Answer;

typedef struct {
    SSL *tls;
    unsigned life; /* tells an answer that comes late from those to the next connection of this number */
    bool writing, last;
    size_t in_size, body_left;
    Answer *after_body;
    char in[IN_BYTES];
    char *out;
    size_t out_size, out_room;
} Connection;

typedef struct { long long due_ns; int fd; unsigned life; Answer *answer; } Waiting;

static Connection *connections[MOST_FDS];
static Waiting *queue; /* a ring: the wait is the same for all, so the first in is the first out */
static size_t queue_head, queue_size, queue_room;
static Answer accepted, no_content;
static SSL_CTX *context;
static long long delay_ns, polls_ns = 20 * 1000 * 1000; /* a little longer than any client thinks */
static int epoll, timer;

static void fail(const char *what) { perror(what); exit(1); }

static long long now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static void write_answer(Answer *answer, const char *status, const char *body, int headers) {
    char *at = answer->bytes;
    at += sprintf(at, "HTTP/1.1 %s\r\nDate: ", status);
    answer->date = at;
    at += sprintf(at, "%*s\r\n", DATE_BYTES - 1, "");
    if (*body) at += sprintf(at, "Content-Type: application/json\r\nContent-Length: %zu\r\n", strlen(body));
    for (int number = 1; number < headers; number++)
        at += sprintf(at, "X-Venue-Header-%02d: of the length that such have in the field\r\n", number);
    if (headers) {
        at += sprintf(at, "X-Request-Id: ");
        answer->id = at;
        at += sprintf(at, "%*s\r\n", ID_BYTES - 1, "");
    }
    at += sprintf(at, "\r\n%s", body);
    answer->size = (size_t)(at - answer->bytes);
}

static void freshen(Answer *answer) {
    static unsigned long long answers;
    time_t now = time(NULL);
    if (now != answer->as_of) {
        char date[DATE_BYTES];
        strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", gmtime(&now));
        memcpy(answer->date, date, DATE_BYTES - 1);
        answer->as_of = now;
    }
    if (answer->id) {
        char id[ID_BYTES];
        snprintf(id, sizeof id, "%016llx", ++answers);
        memcpy(answer->id, id, ID_BYTES - 1);
    }
}

static void end(int fd) {
    Connection *one = connections[fd];
    if (one->tls) SSL_free(one->tls);
    free(one->out);
    one->tls = NULL, one->out = NULL;
    one->life++;
    close(fd);
}

static void watch(int fd, int how, bool writing) {
    struct epoll_event event = {.events = EPOLLIN | (writing ? EPOLLOUT : 0), .data.fd = fd};
    if (epoll_ctl(epoll, how, fd, &event)) fail("epoll_ctl");
}

/* How many bytes went or came; 0 if none could just now, -1 if none ever will. */
static ssize_t moved(Connection *one, ssize_t bytes) {
    if (bytes > 0) return bytes;
    if (!one->tls) return bytes < 0 && errno == EAGAIN ? 0 : -1;
    int why = SSL_get_error(one->tls, (int)bytes);
    return why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE ? 0 : -1;
}

/* The queue of errors is the thread's: what another connection left there would be taken for this one's. */
static ssize_t push(int fd, Connection *one) {
    if (!one->tls) return moved(one, send(fd, one->out, one->out_size, 0));
    ERR_clear_error();
    return moved(one, SSL_write(one->tls, one->out, (int)one->out_size));
}

static ssize_t pull(int fd, Connection *one) {
    char *into = one->in + one->in_size;
    size_t room = IN_BYTES - one->in_size;
    if (!one->tls) return moved(one, recv(fd, into, room, 0));
    ERR_clear_error();
    return moved(one, SSL_read(one->tls, into, (int)room));
}

/* Writes what is to be written, as far as it goes. */
static void flush(int fd) {
    Connection *one = connections[fd];
    ssize_t sent = 1;
    while (one->out_size && (sent = push(fd, one)) > 0) {
        one->out_size -= (size_t)sent;
        memmove(one->out, one->out + sent, one->out_size);
    }
    bool left = one->out_size > 0;
    if (sent < 0 || (!left && one->last)) end(fd);
    else if (one->writing != left) watch(fd, EPOLL_CTL_MOD, one->writing = left);
}

static void append(Connection *one, Answer *answer) {
    if (one->out_room < one->out_size + answer->size) {
        one->out_room = (one->out_size + answer->size) * 2;
        if (!(one->out = realloc(one->out, one->out_room))) fail("realloc");
    }
    freshen(answer);
    memcpy(one->out + one->out_size, answer->bytes, answer->size);
    one->out_size += answer->size;
}

static void set_timer(void) {
    long long left = queue_size ? queue[queue_head].due_ns - now_ns() : 0;
    if (queue_size && left < 1) left = 1;
    struct itimerspec when = {.it_value = {left / 1000000000LL, left % 1000000000LL}};
    if (timerfd_settime(timer, 0, &when, NULL)) fail("timerfd_settime");
}

static void answer_later(int fd, Answer *answer) {
    if (queue_size == queue_room) {
        size_t room = queue_room ? queue_room * 2 : 1024;
        Waiting *wider = malloc(room * sizeof *wider);
        if (!wider) fail("malloc");
        for (size_t at = 0; at < queue_size; at++) wider[at] = queue[(queue_head + at) % queue_room];
        free(queue);
        queue = wider, queue_room = room, queue_head = 0;
    }
    queue[(queue_head + queue_size++) % queue_room] =
        (Waiting){.due_ns = now_ns() + delay_ns, .fd = fd, .life = connections[fd]->life, .answer = answer};
    if (queue_size == 1) set_timer();
}

static void answer_those_due(void) {
    unsigned long long times;
    if (read(timer, &times, sizeof times) < 0 && errno != EAGAIN) fail("timerfd");
    long long now = now_ns();
    while (queue_size && queue[queue_head].due_ns <= now) {
        Waiting first = queue[queue_head];
        queue_head = (queue_head + 1) % queue_room, queue_size--;
        Connection *one = connections[first.fd];
        if (one->life != first.life) continue;
        append(one, first.answer);
        flush(first.fd);
    }
    set_timer();
}

/* Reads the headers that matter; false for a body that comes in chunks. */
static bool read_head(Connection *one, const char *line, const char *stop) {
    one->body_left = 0;
    one->after_body = strncmp(line, "DELETE ", 7) ? &accepted : &no_content;
    while ((line = memchr(line, '\n', (size_t)(stop - line))) && ++line < stop) {
        if (!strncasecmp(line, "content-length:", 15)) one->body_left = strtoul(line + 15, NULL, 10);
        else if (!strncasecmp(line, "transfer-encoding:", 18)) return false;
        else if (!strncasecmp(line, "connection: close", 17)) one->last = !delay_ns;
    }
    return true;
}

/* Answers each whole request that has come; false for one that cannot be read. */
static bool take_requests(int fd, Connection *one) {
    size_t at = 0;
    while (at < one->in_size || one->after_body) {
        if (one->after_body) {
            size_t came = one->in_size - at < one->body_left ? one->in_size - at : one->body_left;
            at += came, one->body_left -= came;
            if (one->body_left) break;
            if (delay_ns) answer_later(fd, one->after_body);
            else append(one, one->after_body);
            one->after_body = NULL;
            continue;
        }
        const char *head = one->in + at, *stop = memmem(head, one->in_size - at, "\r\n\r\n", 4);
        if (!stop) break;
        if (!read_head(one, head, stop)) return false;
        at = (size_t)(stop + 4 - one->in);
    }
    one->in_size -= at;
    if (one->in_size) memmove(one->in, one->in + at, one->in_size);
    return one->in_size < IN_BYTES;
}

static void receive(int fd) {
    Connection *one = connections[fd];
    ssize_t came;
    do {
        came = pull(fd, one);
        if (came > 0) one->in_size += (size_t)came;
        if (came < 0 || !take_requests(fd, one)) { end(fd); return; }
    } while (came && one->tls && SSL_has_pending(one->tls));
    if (one->out_size) flush(fd);
}

static void welcome(int listener) {
    int fd, yes = 1;
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        if (fd >= MOST_FDS) { close(fd); continue; }
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        if (!connections[fd] && !(connections[fd] = calloc(1, sizeof(Connection)))) fail("calloc");
        Connection *one = connections[fd];
        *one = (Connection){.life = one->life};
        if (context) {
            if (!(one->tls = SSL_new(context)) || !SSL_set_fd(one->tls, fd)) fail("SSL_new");
            SSL_set_accept_state(one->tls);
        }
        watch(fd, EPOLL_CTL_ADD, false);
    }
}

static int listen_on(int port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int yes = 1, listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    setsockopt(listener, IPPROTO_TCP, TCP_CONGESTION, "reno", 4); /* the cheapest: loopback needs no pacing */
    if (bind(listener, (struct sockaddr *)&address, size) || listen(listener, 4096)) fail("listen");
    getsockname(listener, (struct sockaddr *)&address, &size);
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    return listener;
}

static void speak_tls(const char *cert, const char *key) {
    context = SSL_CTX_new(TLS_server_method());
    SSL_CTX_set_read_ahead(context, 1); /* one system call a record, not two */
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    if (SSL_CTX_use_certificate_chain_file(context, cert) != 1 ||
        SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) != 1) {
        fprintf(stderr, "the certificate or its key cannot be used\n");
        exit(1);
    }
}

static void serve(int listener) {
    struct epoll_event events[EVENTS];
    long long used_ns = 0;
    epoll = epoll_create1(EPOLL_CLOEXEC);
    timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    watch(listener, EPOLL_CTL_ADD, false);
    watch(timer, EPOLL_CTL_ADD, false);
    for (;;) {
        int count = epoll_wait(epoll, events, EVENTS, now_ns() < used_ns + polls_ns ? 0 : -1);
        if (count) used_ns = now_ns();
        for (int at = 0; at < count; at++) {
            int fd = events[at].data.fd;
            if (fd == listener) welcome(listener);
            else if (fd == timer) answer_those_due();
            else {
                unsigned life = connections[fd]->life;
                if (events[at].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) receive(fd);
                if (events[at].events & EPOLLOUT && connections[fd]->life == life) flush(fd);
            }
        }
    }
}

int main(int count, char **words) {
    static const struct option OPTIONS[] = {{"port", 1, 0, 'p'}, {"cert", 1, 0, 'c'}, {"key", 1, 0, 'k'},
                                            {"delay-us", 1, 0, 'd'}, {"headers", 1, 0, 'h'}, {"sleeps", 0, 0, 's'},
                                            {0}};
    const char *cert = NULL, *key = NULL;
    int port = 0, headers = 0, option;
    while ((option = getopt_long(count, words, "", OPTIONS, NULL)) != -1) {
        if (option == 'p') port = atoi(optarg);
        else if (option == 'c') cert = optarg;
        else if (option == 'k') key = optarg;
        else if (option == 'd') delay_ns = atoll(optarg) * 1000;
        else if (option == 'h') headers = atoi(optarg) < HEADERS_MOST ? atoi(optarg) : HEADERS_MOST;
        else if (option == 's') polls_ns = 0;
        else return 2;
    }
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGPIPE, SIG_IGN);
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    write_answer(&accepted, "200 OK", ACCEPTED, headers);
    write_answer(&no_content, "204 No Content", "", headers);
    if (cert && key) speak_tls(cert, key);
    serve(listen_on(port));
}
