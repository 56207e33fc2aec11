package e2e_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"mintkey/e2e/internal/e2etest"
)

// A new certificate is used without a restart, also when a link to its folder is swapped as in Kubernetes. One that can't be used leaves
// the old one in place, and is told to operators.
func TestCertificateReload(t *testing.T) {
	t.Parallel()
	mount := t.TempDir()
	publish := func(version string, serial, keyOf int64, life time.Duration) {
		writePair(t, filepath.Join(mount, version), serial, keyOf, life)
		link := filepath.Join(mount, "next")
		if err := errors.Join(os.Symlink(version, link), os.Rename(link, filepath.Join(mount, "data"))); err != nil {
			t.Fatal(err)
		}
	}
	publish("v1", 1, 1, 90*24*time.Hour)
	listen, ops := e2etest.FreeAddress(t), e2etest.FreeAddress(t)
	s := &e2etest.Server{URL: "https://" + listen, OpsURL: "http://" + ops}
	s.Process = e2etest.NewMintkey(t, "server", mintkey, "serve", "--listen", listen, "--ops-listen", ops,
		"--tls-cert", filepath.Join(mount, "data", "tls.crt"), "--tls-key", filepath.Join(mount, "data", "tls.key"))
	s.Start()
	s.AwaitReady()
	shows := func(want int64) {
		t.Helper()
		e2etest.Eventually(t, fmt.Sprintf("certificate %d", want), func() error {
			conn, err := tls.Dial("tcp", listen, &tls.Config{InsecureSkipVerify: true}) // which certificate it is, is the question
			if err != nil {
				return err
			}
			defer conn.Close()
			if got := conn.ConnectionState().PeerCertificates[0].SerialNumber.Int64(); got != want {
				return fmt.Errorf("the server shows %d", got)
			}
			return nil
		})
	}
	says := func(path, want string) {
		t.Helper()
		e2etest.Eventually(t, path, func() error {
			_, body, err := getText(s.OpsURL + path)
			if err == nil && !strings.Contains(body, want) {
				err = fmt.Errorf("no %s in %s", want, body)
			}
			return err
		})
	}
	shows(1)
	publish("v2", 2, 2, 90*24*time.Hour)
	shows(2)

	publish("v3", 3, 4, 90*24*time.Hour) // the key is of another one
	says("/readyz?verbose", "the old certificate is used")
	shows(2)
	time.Sleep(3 * time.Second) // longer than the server waits between two looks
	if count := strings.Count(string(s.Log()), `level=ERROR msg="certificate not loaded`); count != 1 {
		t.Errorf("told %d times that the certificate is not loaded", count)
	}
	publish("v4", 4, 4, 13*24*time.Hour)
	shows(4)
	says("/readyz?verbose", "tls.cert: expires at")
	says("/metrics", "mintkey_tls_certificate_expires_seconds 1.")
	e2etest.Eventually(t, "warning", func() error { return s.Logged(`level=WARN msg="certificate expires soon"`) })

	publish("v5", 5, 5, 90*24*time.Hour)
	s.Signal(syscall.SIGHUP)
	shows(5)
	_, body, err := getText(s.OpsURL + "/readyz?verbose")
	if err != nil || strings.Contains(body, "certificate") || strings.Contains(body, "tls.") {
		t.Errorf("with a good certificate: %s %v", body, err)
	}
}

// SIGHUP, which comes when a login ends, kills no server: not one with nothing to reload, and not the demo.
func TestSIGHUPKillsNothing(t *testing.T) {
	s := deploy(t, "bolt", 1).servers[0]
	demo := e2etest.NewMintkey(t, "demo", mintkey, "demo", "--listen", e2etest.FreeAddress(t))
	demo.Start()
	e2etest.Eventually(t, "demo", func() error { return demo.Logged("up until Ctrl-C") })
	for _, p := range []*e2etest.Process{s.Process, demo} {
		p.Signal(syscall.SIGHUP)
	}
	e2etest.Eventually(t, "SIGHUP heard", func() error { return s.Logged(`msg="nothing to reload"`) })
	s.AwaitReady()

	s.Terminate()
	s.Env = append(s.Env, "GODEBUG=inittrace=1") // names each package that is initialized
	s.Start()
	for deadline := time.Now().Add(e2etest.Patience); !strings.Contains(string(s.Log()), "init mintkey/cmd/mintkey/hangup "); {
		if time.Now().After(deadline) {
			t.Fatal("hangup was not initialized")
		}
	}
	s.Signal(syscall.SIGHUP)
	s.AwaitReady()
	// e2etest ends both with SIGINT, and fails the test when one has died of SIGHUP.
}

// writePair writes a certificate with this serial number, and the key of the one with the number keyOf.
func writePair(t *testing.T, folder string, serial, keyOf int64, life time.Duration) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(life), DNSNames: []string{"localhost"},
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	if keyOf != serial {
		if key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
			t.Fatal(err)
		}
	}
	text, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(
		os.Mkdir(folder, 0o700),
		os.WriteFile(filepath.Join(folder, "tls.crt"), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert}), 0o600),
		os.WriteFile(filepath.Join(folder, "tls.key"), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: text}), 0o600),
	); err != nil {
		t.Fatal(err)
	}
}
