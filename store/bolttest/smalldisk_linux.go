package bolttest

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"testing"
)

// SmallDisk returns a folder that is a disk of its own with that many bytes, for tests that fill it. It ends with the test.
//
// Mounting takes root. Who is not root becomes it in a user namespace, which the machine must allow: a process holds the disk there, and
// everybody reaches it through the root folder of that process. The folder's path leads through a link of /proc, so nothing may resolve it.
func SmallDisk(t testing.TB, bytes int) string {
	t.Helper()
	folder := t.TempDir()
	holder := exec.Command("sh", "-c", `mount -t tmpfs -o size="$1" tmpfs "$2" && echo mounted && exec cat >&2`,
		"sh", fmt.Sprint(bytes), folder)
	holder.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS} // the mount is seen by nobody else
	if os.Getuid() != 0 {
		holder.SysProcAttr.Cloneflags = syscall.CLONE_NEWUSER
		holder.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}}
		holder.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}
	}
	holder.Stderr = os.Stderr
	stay, err := holder.StdinPipe() // closed at the end, also where this process is killed
	if err != nil {
		t.Fatal(err)
	}
	said, err := holder.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := holder.Start(); err != nil {
		t.Fatalf("a namespace for a small disk: %v; the machine must allow one (in a container: --cap-add SYS_ADMIN)", err)
	}
	t.Cleanup(func() {
		_ = stay.Close()
		_ = holder.Wait()
	})
	if line, err := bufio.NewReader(said).ReadString('\n'); line != "mounted\n" {
		t.Fatalf("mount a small disk: %q, %v; the machine must allow it (in a container: --cap-add SYS_ADMIN)", line, err)
	}
	return fmt.Sprintf("/proc/%d/root%s", holder.Process.Pid, folder)
}
