# A formula for a tap of the owner: address and checksum of the source archive are filled in at each release.
class Affiant < Formula
  desc "Audit evidence for HIPAA workloads on AWS that can be checked without trust"
  homepage "https://github.com/OWNER/affiant"
  url "https://github.com/OWNER/affiant/archive/refs/tags/v0.1.0.tar.gz"
  sha256 "SHA256-OF-THE-ARCHIVE"
  license "Apache-2.0"

  depends_on "rust" => :build

  def install
    system "cargo", "install", *std_cargo_args
    generate_completions_from_executable(bin/"affiant", "completions")
    (man1/"affiant.1").write Utils.safe_popen_read(bin/"affiant", "man")
  end

  test do
    system bin/"affiant", "init", "w"
    assert_match "placeholder", shell_output("#{bin}/affiant --workspace w lint 2>&1", 2)
  end
end
