/*
 * The first process in the container of a command: it runs the command on request of the runner of the pod. It is linked
 * statically and copied into the pod, so that the image of the application needs nothing of db-manager.
 *
 *   entrypoint STAGE [PROGRAM ARGUMENT...]
 *
 * It connects to a Unix socket on a volume that the containers share. The runner sends lines: "env NAME=VALUE", "run",
 * "out TEXT" to print, "stop", "kill", "exit CODE". The answers are frames of one byte for the type, four bytes for the
 * length and the content: h stage, o output, t terminated from outside, f cannot be started, x ended.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { BUFFER = 65536, LONGEST = 1 << 20, CONNECT_SECONDS = 600, NO_RUNNER = 70 };

static int control = -1;
static pid_t child = -1;

static void pause_ms(long ms) {
  struct timespec time = {ms / 1000, (ms % 1000) * 1000000};
  nanosleep(&time, NULL);
}

static void write_all(int fd, const char *data, size_t length) {
  while (length > 0) {
    ssize_t done = write(fd, data, length);
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) return;
    data += done;
    length -= (size_t)done;
  }
}

static void frame(char type, const char *data, size_t length) {
  char head[5] = {type};
  uint32_t size = htonl((uint32_t)length);
  memcpy(head + 1, &size, 4);
  write_all(control, head, 5);
  write_all(control, data, length);
}

static void text_frame(char type, const char *text) { frame(type, text, strlen(text)); }

static int connect_to(const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  strncpy(address.sun_path, path, sizeof address.sun_path - 1);
  for (int tries = 0; tries < CONNECT_SECONDS * 10; tries += 1) {
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0) return fd;
    if (fd >= 0) close(fd);
    pause_ms(100);
  }
  return -1;
}

/* Returns the read end of the output of the command, or -1 if it cannot be started. */
static int start(char **words) {
  int output[2], failure[2];
  if (pipe2(output, O_CLOEXEC) < 0 || pipe2(failure, O_CLOEXEC) < 0) return -1;
  child = fork();
  if (child == 0) {
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    setsid(); /* Without a terminal, a question fails instead of waiting. */
    int empty = open("/dev/null", O_RDONLY);
    dup2(empty, 0);
    dup2(output[1], 1);
    dup2(output[1], 2);
    execvp(words[0], words);
    int error = errno;
    write_all(failure[1], (const char *)&error, sizeof error);
    _exit(127);
  }
  close(output[1]);
  close(failure[1]);
  int error = 0;
  if (child < 0) error = errno;
  else if (read(failure[0], &error, sizeof error) != sizeof error) error = 0;
  close(failure[0]);
  if (error == 0) return output[0];
  text_frame('f', strerror(error));
  close(output[0]);
  child = -1;
  return -1;
}

static void signal_group(int number) {
  if (child > 0) kill(-child, number);
}

/* What the command left behind is terminated. Returns whether there was something. */
static int end_group(pid_t group) {
  if (kill(-group, SIGTERM) < 0) return 0;
  for (int tries = 0; tries < 40; tries += 1) {
    while (waitpid(-1, NULL, WNOHANG) > 0) {}
    if (kill(-group, 0) < 0) return 1;
    pause_ms(50);
  }
  kill(-group, SIGKILL);
  return 1;
}

static void ended(int status, int *output) {
  char text[64];
  pid_t group = child;
  child = -1;
  int left = end_group(group);
  char data[BUFFER];
  ssize_t length;
  fcntl(*output, F_SETFL, O_NONBLOCK);
  while ((length = read(*output, data, sizeof data)) > 0) frame('o', data, (size_t)length);
  close(*output);
  *output = -1;
  if (WIFEXITED(status)) snprintf(text, sizeof text, "code %d %d", WEXITSTATUS(status), left);
  else snprintf(text, sizeof text, "signal %d %d", WTERMSIG(status), left);
  text_frame('x', text);
}

/* One line of the runner. */
static void obey(char *line, char **words, int *output) {
  if (strncmp(line, "env ", 4) == 0) {
    char *value = strchr(line + 4, '=');
    if (value == NULL) return;
    *value = '\0';
    setenv(line + 4, value + 1, 1);
  } else if (strncmp(line, "out ", 4) == 0) {
    write_all(1, line + 4, strlen(line + 4));
    write_all(1, "\n", 1);
  } else if (strcmp(line, "run") == 0) {
    if (words[0] == NULL) text_frame('f', "no command was given");
    else *output = start(words);
  } else if (strcmp(line, "stop") == 0) signal_group(SIGTERM);
  else if (strcmp(line, "kill") == 0) signal_group(SIGKILL);
  else if (strncmp(line, "exit ", 5) == 0) exit(atoi(line + 5));
}

int main(int count, char **arguments) {
  if (count < 2) return NO_RUNNER;
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGCHLD);
  signal(SIGPIPE, SIG_IGN);
  const char *path = getenv("DB_MANAGER_COMMAND_SOCKET");
  control = connect_to(path == NULL ? "/db-manager/control.sock" : path);
  if (control < 0) {
    fputs("The runner of this pod did not answer.\n", stderr);
    return NO_RUNNER;
  }
  sigprocmask(SIG_BLOCK, &signals, NULL);
  int asked = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
  text_frame('h', arguments[1]);
  char *lines = malloc(LONGEST), *data = malloc(BUFFER);
  size_t held = 0;
  int output = -1;
  for (;;) {
    struct pollfd polled[3] = {{control, POLLIN, 0}, {asked, POLLIN, 0}, {output, POLLIN, 0}};
    if (poll(polled, output < 0 ? 2 : 3, -1) < 0 && errno != EINTR) return NO_RUNNER;
    if (polled[1].revents & POLLIN) {
      struct signalfd_siginfo received;
      while (read(asked, &received, sizeof received) == sizeof received) {
        if (received.ssi_signo == SIGCHLD) continue;
        text_frame('t', "");
        signal_group(SIGTERM);
        if (child < 0) return 143;
      }
    }
    if (output >= 0 && (polled[2].revents & (POLLIN | POLLHUP))) {
      ssize_t length = read(output, data, BUFFER);
      if (length > 0) frame('o', data, (size_t)length);
      else pause_ms(10); /* The output is closed; the end of the command follows. */
    }
    if (polled[0].revents & (POLLIN | POLLHUP)) {
      ssize_t length = read(control, lines + held, LONGEST - held - 1);
      if (length <= 0) {
        signal_group(SIGKILL);
        fputs("The runner of this pod has ended.\n", stderr);
        return NO_RUNNER;
      }
      held += (size_t)length;
      char *from = lines, *end;
      while ((end = memchr(from, '\n', held - (size_t)(from - lines))) != NULL) {
        *end = '\0';
        obey(from, arguments + 2, &output);
        from = end + 1;
      }
      held -= (size_t)(from - lines);
      memmove(lines, from, held);
      if (held >= LONGEST - 1) held = 0;
    }
    int status;
    pid_t gone;
    while ((gone = waitpid(-1, &status, WNOHANG)) > 0) {
      if (gone == child) ended(status, &output);
    }
  }
}
