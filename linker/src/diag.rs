//! LLD's diagnostics as the Go linker would word them.

use std::path::PathBuf;

use crate::LinkOptions;

/// Undefined symbols become `caller: relocation target S not defined`; anything else is passed through.
pub fn translate(text: &str, opts: &LinkOptions, files: &[PathBuf]) -> String {
    let package = |line: &str| -> Option<&str> {
        // The first file is our own object.
        let i = files.iter().position(|f| line.contains(&*f.display().to_string()))?;
        opts.objects.get(i.checked_sub(1)?).map(|o| o.package.as_str())
    };
    // C objects: the package, and the compiler's words for what is missing.
    let foreign = |line: &str| -> Option<&str> {
        let host = opts.host.as_ref()?;
        let behind = 1 + opts.objects.iter().map(|o| 1 + usize::from(o.assembly.is_some())).sum::<usize>();
        let i = files.iter().skip(behind).position(|f| line.contains(&*f.display().to_string()))?;
        host.objects.get(i).map(|o| o.0.as_str())
    };
    let mut out: Vec<String> = Vec::new();
    let mut undefined: Option<String> = None;
    for line in text.lines() {
        if let Some(i) = line.find("undefined ")
            && let Some(k) = line[i..].find("symbol: ")
        {
            undefined = Some(line[i + k + 8..].to_string());
            continue;
        }
        if let Some(u) = &undefined {
            if let (Some(p), Some(caller)) = (foreign(line), referrer(line)) {
                let s = if caller.is_empty() { format!("{p}: undefined reference to `{u}'") } else { format!("{p}: in function `{caller}': undefined reference to `{u}'") };
                if !out.contains(&s) {
                    out.push(s);
                }
                continue;
            }
            if let Some(caller) = referrer(line) {
                let from = if caller.is_empty() { package(line).unwrap_or("?").to_string() } else { caller };
                let s = format!("{from}: relocation target {u} not defined");
                if !out.contains(&s) {
                    out.push(s);
                }
                continue;
            }
            if line.starts_with(">>>") || line.trim().is_empty() {
                continue;
            }
            undefined = None;
        }
        if line.contains("relocation R_X86_64_") && line.contains(" out of range: ") {
            // Code addresses everything within 2 GiB; one message instead of thousands.
            let s = "program too large: code and data together exceed 2 GB".to_string();
            if !out.contains(&s) {
                out.push(s);
            }
        } else if let Some(i) = line.find("duplicate symbol: ") {
            out.push(format!("duplicated definition of symbol {}", &line[i + 18..]));
        } else if !line.trim().is_empty() && !line.starts_with(">>>") {
            out.push(line.trim_start_matches("ld.lld: ").to_string());
        }
    }
    out.join("\n")
}

/// `>>>   /tmp/x/3.o:(main.f)` or `...:(.text.3+0x10)` -> the function's name, or "" when only a section is named.
fn referrer(line: &str) -> Option<String> {
    let l = line.strip_prefix(">>>")?;
    let i = l.rfind(":(")?;
    let inner = l[i + 2..].strip_suffix(')')?;
    let inner = inner.strip_prefix("function ").unwrap_or(inner);
    let name = match inner.rfind(": ") {
        Some(k) if inner[k..].contains('+') => &inner[..k],
        _ => inner,
    };
    Some(if name.starts_with('.') { String::new() } else { name.to_string() })
}

#[cfg(test)]
mod tests {
    #[test]
    fn undefined_symbols() {
        let opts = crate::LinkOptions::new("x", crate::Input::Bytes(vec![]));
        let t = "ld.lld: error: undefined symbol: main.g\n>>> referenced by a.go:3\n>>>               /t/1.o:(main.f)\n";
        assert_eq!(super::translate(t, &opts, &[]), "main.f: relocation target main.g not defined");
    }
}
