//! The same machine with another CPython: for asking whether a lock would be possible there.

use pep508_rs::{MarkerEnvironment, MarkerEnvironmentBuilder};

use super::{Implementation, PythonVersion, Target, tag_list};
use crate::{Environment, Marker, Region};

impl Target {
    /// This target with another Python, or the part of a region from that Python upwards; none where that cannot be told from what is known:
    /// for other implementations than CPython.
    pub fn at_python(&self, python: &PythonVersion) -> Option<Self> {
        let Region::One(environment) = &self.region else {
            return self.with(&Marker::from_python(python.full()));
        };
        let values = environment.values();
        if values.implementation_name() != "cpython" {
            return None;
        }
        let (full, short) = (python.full().to_string(), python.short());
        let environment = MarkerEnvironment::try_from(MarkerEnvironmentBuilder {
            implementation_name: values.implementation_name(),
            implementation_version: &full,
            os_name: values.os_name(),
            platform_machine: values.platform_machine(),
            platform_python_implementation: values.platform_python_implementation(),
            platform_release: values.platform_release(),
            platform_system: values.platform_system(),
            platform_version: values.platform_version(),
            python_full_version: &full,
            python_version: &short,
            sys_platform: values.sys_platform(),
        })
        .ok()?;
        let release = self.python.release();
        let own = format!("cp{}{}", release.first()?, release.get(1)?);
        let mut platforms: Vec<String> = Vec::new();
        for (tag, _, platform) in self.tags.all() {
            if tag == own && platform != "any" && !platforms.iter().any(|known| known == platform) {
                platforms.push(platform.to_owned());
            }
        }
        let tags = tag_list::tags(python, &Implementation::cpython(python), &platforms);
        Some(Self {
            region: Region::One(Environment::new(environment)),
            tags,
            python: python.of_release(),
            ..self.clone()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_at_another_python_is_the_target_of_that_python() {
        for platform in ["linux", "macos", "windows"] {
            let platform = platform.parse().unwrap();
            let at = |python: &str| Target::new(&python.parse().unwrap(), &platform);
            for (from, to) in [("3.11", "3.13"), ("3.12", "3.9"), ("3.11", "3.11.4")] {
                let moved = at(from).at_python(&to.parse().unwrap()).unwrap();
                assert_eq!(moved.region.machine(), at(to).region.machine());
                assert_eq!(moved.tags.listed(), at(to).tags.listed());
                assert_eq!(moved.python, at(to).python);
            }
        }
    }
}
