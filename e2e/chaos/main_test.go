package chaos_test

import (
	"flag"
	"os"
	"testing"

	"mintkey/e2e/internal/e2etest"
)

var (
	full  = flag.Bool("full", false, "run every row, and long histories, instead of the quick part")
	table = flag.String("table", "", "file to write the table to, as Markdown")
)

// mintkey is the path of the program under test, built once for the whole run.
var mintkey string

func TestMain(m *testing.M) {
	os.Exit(e2etest.Main(m, &mintkey))
}
