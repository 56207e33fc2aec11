package boltstore_test

import (
	"os"
	"os/exec"
	"syscall"
	"testing"
)

// onSmallDisk runs the test in a folder that is a disk of 4 MB. Mounting one takes root, so somebody who is not becomes it in a namespace
// of their own, in which the test runs again.
func onSmallDisk(t *testing.T, test func(disk string)) {
	t.Helper()
	if os.Getuid() == 0 {
		disk := t.TempDir()
		if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, "size=4m"); err != nil {
			t.Fatalf("mount a small disk: %v", err)
		}
		t.Cleanup(func() { _ = syscall.Unmount(disk, syscall.MNT_DETACH) })
		test(disk)
		return
	}
	again := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$", "-test.count=1", "-test.v")
	again.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
	out, err := again.CombinedOutput()
	if err != nil {
		t.Fatalf("as root of a user namespace, which this machine must allow: %v\n%s", err, out)
	}
}
