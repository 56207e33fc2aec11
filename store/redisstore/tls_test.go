package redisstore_test

import (
	"crypto/tls"
	"errors"
	"strings"
	"testing"

	"mintkey/store"
	"mintkey/store/redisstore"
	"mintkey/store/redistest"
)

func TestTLSWithAPrivateCAAndAClientCertificate(t *testing.T) {
	certificates := redistest.NewCertificates(t)
	for name, start := range map[string]func() string{
		"single":   func() string { return redistest.StartTLS(t, certificates).URL() },
		"cluster":  func() string { return redistest.StartTLSCluster(t, certificates, 3).URL() },
		"sentinel": func() string { return redistest.StartTLSSentinel(t, certificates).URL() },
	} {
		t.Run(name, func(t *testing.T) {
			url := start()
			s, err := redisstore.OpenTLS(t.Context(), url, certificates.Client())
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = s.Close() })
			seed(t, s)
			mustUpdate(t, s, addKey("mk_one"))
			if err := errors.Join(works(t, s, "mk_one"), s.Ping(t.Context())); err != nil {
				t.Error(err)
			}
			stranger := certificates.Client()
			stranger.Certificates = nil
			for what, secure := range map[string]*tls.Config{"the CA": nil, "a client certificate": stranger} {
				if _, err := redisstore.OpenTLS(t.Context(), url, secure); !errors.Is(err, store.ErrUnavailable) {
					t.Errorf("open without %s: %v", what, err)
				}
			}
			plain := strings.Replace(url, "rediss", "redis", 1)
			if _, err := redisstore.Open(t.Context(), plain); !errors.Is(err, store.ErrUnavailable) {
				t.Errorf("open %s: %v", plain, err)
			}
		})
	}
}

func TestCertificatesAreRefusedWithoutTLS(t *testing.T) {
	_, err := redisstore.OpenTLS(t.Context(), "redis://127.0.0.1:1", &tls.Config{MinVersion: tls.VersionTLS12})
	if err == nil || errors.Is(err, store.ErrUnavailable) || !strings.Contains(err.Error(), "rediss-cluster://") {
		t.Errorf("a CA for redis://: %v", err)
	}
}
